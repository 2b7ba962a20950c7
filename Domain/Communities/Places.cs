using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>One more place in another one.</summary>
/// <param name="FullCode">What people say, for example <c>3-2-1502</c>: unique in the community, and kept for good; 1–120 characters on one line.</param>
/// <param name="Code">What it is called within its parent: 1–40 characters; where it is left out, what the full code has beyond the parent's.</param>
/// <param name="ParentId">The place that it stands in; the community itself where it is left out.</param>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record AddPlace([property: JsonIgnore] Guid CommunityId, PlaceKind Kind, string FullCode, string Name, string? NameEn = null, string? Code = null, Guid? ParentId = null) : ICommand<PlaceAdded>
{
    public sealed class Validator : AbstractValidator<AddPlace>
    {
        public Validator()
        {
            RuleFor(c => c.FullCode).PlainText(120);
            RuleFor(c => c.FullCode).OneLine();
            RuleFor(c => c.Name).PlainText(200);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).OptionalPlainText(200);
            RuleFor(c => c.NameEn).OneLine();
            RuleFor(c => c.Code).OptionalPlainText(40);
            RuleFor(c => c.Code).OneLine();
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, PlaceTrees trees, EventLog log) : IRequestHandler<AddPlace, PlaceAdded>
    {
        private const string Parent = """
            select p.place_id, p.parent_id, p.kind, p.code, p.full_code, p.name, p.name_en, p.building_id, p.retired_at
            from place p
            where p.community_id = @CommunityId and (p.place_id = @ParentId or (@ParentId::uuid is null and p.parent_id is null))
            """;

        private const string Write = """
            insert into place (community_id, place_id, parent_id, kind, code, full_code, name, name_en, building_id)
            values (@CommunityId, @PlaceId, @ParentId, @Kind, @Code, @FullCode, @Name, @NameEn, @BuildingId);

            insert into search_token (community_id, token, kind, id)
            select @CommunityId, t, 'place', @PlaceId
            from unnest(@Tokens::text[]) t;
            """;

        public async Task<PlaceAdded> Handle(AddPlace command, CancellationToken cancellationToken)
        {
            await trees.Lock(command.CommunityId, cancellationToken);
            var parent = await db.Find<KnownPlace>(Parent, new { command.CommunityId, command.ParentId }, cancellationToken)
                ?? throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "parentId");
            if (parent.RetiredAt is not null)
            {
                throw new Refused.Invalid("place.parent_retired", "The place that it stands in was retired.", "parentId");
            }

            if (!PlaceTree.MayStandIn(command.Kind, parent.Kind))
            {
                throw new Refused.Invalid("place.kind_does_not_fit", $"A place of the kind {EnumWord.Of(command.Kind)} does not stand directly in one of the kind {EnumWord.Of(parent.Kind)}.", "kind");
            }

            var fullCode = PlainText.Normalise(command.FullCode);
            var code = command.Code is { } said ? PlainText.Normalise(said) : PlaceTree.CodeWithin(fullCode, parent.ParentId is null ? null : parent.FullCode);
            if (PlainText.Length(code) > 40)
            {
                throw new Refused.Invalid("place.code_needed", "This full code is too long to be the short one as well: say the code, of at most 40 characters.", "code");
            }

            var id = Guid.CreateVersion7(clock.Now());
            try
            {
                await db.Run(
                    Write,
                    new
                    {
                        command.CommunityId,
                        PlaceId = id,
                        ParentId = parent.PlaceId,
                        command.Kind,
                        Code = code,
                        FullCode = fullCode,
                        Name = PlainText.Normalise(command.Name),
                        NameEn = command.NameEn is { } en ? PlainText.Normalise(en) : null,
                        BuildingId = command.Kind == PlaceKind.Building ? id : parent.BuildingId,
                        Tokens = SearchTokens.ForHome(fullCode).ToArray(),
                    },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "place_code_is_unique" })
            {
                throw new Refused.Invalid("place.code_taken", "There is a place with this full code already.", "fullCode");
            }

            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.PlacesMade, new { places = 1, placeId = id, command.Kind }, fullCode, Visibility.Desk);
            return new PlaceAdded(id);
        }
    }
}

public sealed record PlaceAdded(Guid PlaceId);

/// <summary>What a place is called from now on. Its full code stays: it stands on doors, in files and in people's heads.</summary>
/// <param name="Code">What it is called within its parent: 1–40 characters.</param>
/// <param name="NameEn">None, where it is left out.</param>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record RenamePlace([property: JsonIgnore] Guid PlaceId, string Code, string Name, string? NameEn = null, int? Version = null) : ICommand<PlaceReply>
{
    public sealed class Validator : AbstractValidator<RenamePlace>
    {
        public Validator()
        {
            RuleFor(c => c.Code).PlainText(40);
            RuleFor(c => c.Code).OneLine();
            RuleFor(c => c.Name).PlainText(200);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).OptionalPlainText(200);
            RuleFor(c => c.NameEn).OneLine();
        }
    }

    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<RenamePlace, PlaceReply>
    {
        private const string Write = """
            update place
            set code = @Code, name = @Name, name_en = @NameEn, version = version + 1
            where community_id = @CommunityId and place_id = @PlaceId
            """;

        public async Task<PlaceReply> Handle(RenamePlace command, CancellationToken cancellationToken)
        {
            var place = await LockedPlace.Of(db, caller, command.PlaceId, cancellationToken);
            caller.MustKnowVersion("place", place.Version, command.Version);
            place.MustNotBeTheCommunity();
            var name = PlainText.Normalise(command.Name);
            await db.Run(Write, new { place.CommunityId, place.PlaceId, Code = PlainText.Normalise(command.Code), Name = name, NameEn = command.NameEn is { } en ? PlainText.Normalise(en) : null }, cancellationToken);
            log.Write(place.CommunityId, SubjectKind.Community, place.CommunityId, Happening.PlaceRenamed, new { place.PlaceId, version = place.Version + 1 }, $"{place.FullCode} {name}", Visibility.Desk);
            return place.Changed(place.RetiredAt);
        }
    }
}

/// <summary>
/// A place is used no more: nothing new is reported there, and nobody moves in. What was reported there keeps its place. Only one that is empty:
/// no place in it, no asset, and nobody who lives there.
/// </summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record RetirePlace([property: JsonIgnore] Guid PlaceId, int? Version = null) : ICommand<PlaceReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, PlaceTrees trees, EventLog log) : IRequestHandler<RetirePlace, PlaceReply>
    {
        private const string Filled = """
            select exists (select from place b where b.community_id = @CommunityId and b.parent_id = @PlaceId and b.retired_at is null) as places,
                exists (select from asset a where a.community_id = @CommunityId and a.place_id = @PlaceId and a.retired_at is null) as assets,
                exists (select from occupancy o where o.community_id = @CommunityId and o.place_id = @PlaceId and o.to_on is null) as people
            """;

        private const string Write = """
            update place
            set retired_at = @Now, version = version + 1
            where community_id = @CommunityId and place_id = @PlaceId
            """;

        private sealed record Row(bool Places, bool Assets, bool People);

        public async Task<PlaceReply> Handle(RetirePlace command, CancellationToken cancellationToken)
        {
            await trees.Lock(await LockedPlace.CommunityOf(db, caller, command.PlaceId, cancellationToken), cancellationToken);
            var place = await LockedPlace.Of(db, caller, command.PlaceId, cancellationToken);
            caller.MustNotBeStale("place", place.Version, command.Version);
            place.MustNotBeTheCommunity();
            if (place.RetiredAt is not null)
            {
                throw new Refused.Conflict("place.retired_already", "This place was retired already.");
            }

            var filled = await db.Single<Row>(Filled, place, cancellationToken);
            if (filled.Places)
            {
                throw new Refused.Conflict("place.has_places", "There are places in this one. Retire them first.");
            }

            if (filled.Assets)
            {
                throw new Refused.Conflict("place.has_assets", "There are assets in this place.");
            }

            if (filled.People)
            {
                throw new Refused.Conflict("place.lived_in", "Somebody owns this place or lives there. End that first.");
            }

            var now = clock.Now();
            await db.Run(Write, new { place.CommunityId, place.PlaceId, Now = now }, cancellationToken);
            log.Write(place.CommunityId, SubjectKind.Community, place.CommunityId, Happening.PlaceRetired, new { place.PlaceId }, place.FullCode, Visibility.Desk);
            return place.Changed(now);
        }
    }
}

/// <summary>A place that was retired is used again.</summary>
[AllowedTo(Roles.Administrator | Roles.System)]
public sealed record ReinstatePlace([property: JsonIgnore] Guid PlaceId, int? Version = null) : ICommand<PlaceReply>
{
    internal sealed class Handler(Db db, Caller caller, PlaceTrees trees, EventLog log) : IRequestHandler<ReinstatePlace, PlaceReply>
    {
        private const string Above = """
            select p.retired_at is not null
            from place p
            where p.community_id = @CommunityId and p.place_id = @ParentId
            """;

        private const string Write = """
            update place
            set retired_at = null, version = version + 1
            where community_id = @CommunityId and place_id = @PlaceId
            """;

        public async Task<PlaceReply> Handle(ReinstatePlace command, CancellationToken cancellationToken)
        {
            await trees.Lock(await LockedPlace.CommunityOf(db, caller, command.PlaceId, cancellationToken), cancellationToken);
            var place = await LockedPlace.Of(db, caller, command.PlaceId, cancellationToken);
            caller.MustNotBeStale("place", place.Version, command.Version);
            if (place.RetiredAt is null)
            {
                throw new Refused.Conflict("place.not_retired", "This place is in use.");
            }

            if (await db.Single<bool>(Above, place, cancellationToken))
            {
                throw new Refused.Conflict("place.parent_retired", "The place that it stands in was retired. Bring that back first.");
            }

            await db.Run(Write, place, cancellationToken);
            log.Write(place.CommunityId, SubjectKind.Community, place.CommunityId, Happening.PlaceReinstated, new { place.PlaceId }, place.FullCode, Visibility.Desk);
            return place.Changed(null);
        }
    }
}

/// <summary>A place as it stands after a change.</summary>
public sealed record PlaceReply(Guid PlaceId, DateTimeOffset? RetiredAt, int Version);

/// <summary>A place as the running command holds it: locked.</summary>
internal sealed record LockedPlace(Guid CommunityId, Guid PlaceId, Guid? ParentId, string FullCode, DateTimeOffset? RetiredAt, int Version)
{
    private const string Read = """
        select p.community_id, p.place_id, p.parent_id, p.full_code, p.retired_at, p.version
        from place p
        where p.place_id = @PlaceId
        for no key update of p
        """;

    private const string Community = """
        select p.community_id
        from place p
        where p.place_id = @PlaceId
        """;

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedPlace> Of(Db db, Caller caller, Guid placeId, CancellationToken ct)
    {
        var place = await db.Find<LockedPlace>(Read, new { PlaceId = placeId }, ct) ?? throw new Refused.NotFound("place");
        caller.MustBeAllowedIn(place.CommunityId);
        return place;
    }

    /// <summary>Before the tree is locked, which goes before the place.</summary>
    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<Guid> CommunityOf(Db db, Caller caller, Guid placeId, CancellationToken ct)
    {
        var community = await db.Find<Guid?>(Community, new { PlaceId = placeId }, ct) ?? throw new Refused.NotFound("place");
        caller.MustBeAllowedIn(community);
        return community;
    }

    public void MustNotBeTheCommunity()
    {
        if (ParentId is null)
        {
            throw new Refused.Conflict("place.is_the_community", "This place stands for the community itself.");
        }
    }

    public PlaceReply Changed(DateTimeOffset? retiredAt) => new(PlaceId, retiredAt, Version + 1);
}
