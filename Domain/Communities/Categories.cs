using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>What a category is called, to whom its requests go first, how urgent they are, who pays, and which photos they demand.</summary>
/// <param name="Crew">To whom its requests go first; left out where the desk answers them.</param>
/// <param name="CommonArea">Whether it is about what belongs to everybody.</param>
/// <param name="DemandsPhotos">Of which purposes there must be a photo before an order can be completed: before, after, signature, evidence.</param>
public sealed record CategoryWords(string Name, string NameEn, Crew? Crew, Priority Priority, Payer Payer, bool CommonArea, IReadOnlyList<PhotoPurpose> DemandsPhotos)
{
    internal sealed class Validator : AbstractValidator<CategoryWords>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).PlainText(100);
            RuleFor(c => c.NameEn).OneLine();
            RuleFor(c => c.DemandsPhotos).Must(p => p.Distinct().Count() == p.Count && !p.Contains(PhotoPurpose.Other))
                .WithErrorCode("category.photos").WithMessage("Each purpose once: before, after, signature, evidence.");
        }
    }
}

/// <summary>One more category; requests that come from now on may have it.</summary>
/// <param name="Code">Unique within its kind, and kept for good: policies name it. 1–60 characters.</param>
/// <param name="ParentId">A category of the same kind that it stands below.</param>
[AllowedTo(Roles.Administrator)]
public sealed record MakeCategory([property: JsonIgnore] Guid CommunityId, RequestKind Kind, string Code, CategoryWords Words, Guid? ParentId = null) : ICommand<CategoryMade>
{
    public sealed class Validator : AbstractValidator<MakeCategory>
    {
        public Validator()
        {
            RuleFor(c => c.Code).PlainText(60);
            RuleFor(c => c.Code).OneLine();
            RuleFor(c => c.Words).SetValidator(new CategoryWords.Validator());
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<MakeCategory, CategoryMade>
    {
        private const string Parent = """
            select c.kind, c.retired_at
            from category c
            where c.community_id = @CommunityId and c.category_id = @ParentId
            """;

        private const string Write = """
            insert into category (community_id, category_id, parent_id, kind, code, name, name_en, crew, priority, payer, common_area, demands_photos, position)
            select @CommunityId, @CategoryId, @ParentId, @Kind, @Code, @Name, @NameEn, @Crew, @Priority, @Payer, @CommonArea, @DemandsPhotos,
                (select coalesce(max(k.position), 0) + 1 from category k where k.community_id = @CommunityId)
            """;

        private sealed record Row(RequestKind Kind, DateTimeOffset? RetiredAt);

        public async Task<CategoryMade> Handle(MakeCategory command, CancellationToken cancellationToken)
        {
            caller.CommunitiesFor(command.CommunityId);
            await LockedCategory.LockTree(db, command.CommunityId, cancellationToken);
            if (command.ParentId is not null)
            {
                var parent = await db.Find<Row>(Parent, new { command.CommunityId, command.ParentId }, cancellationToken);
                if (parent is null)
                {
                    throw new Refused.Invalid("category.unknown", "There is no such category in this community.", "parentId");
                }

                if (parent.Kind != command.Kind)
                {
                    throw new Refused.Invalid("category.parent_of_other_kind", "A category stands below one of the same kind.", "parentId");
                }

                if (parent.RetiredAt is not null)
                {
                    throw new Refused.Invalid("category.parent_retired", "The category that it stands below is used no more.", "parentId");
                }
            }

            var id = Guid.CreateVersion7(clock.Now());
            var code = command.Code;
            try
            {
                await db.Run(Write, LockedCategory.Row(command.CommunityId, id, command.Words, command.ParentId, command.Kind, code), cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "category_code_is_unique" })
            {
                throw new Refused.Invalid("category.code_taken", "There is a category of this kind with this code.", "code");
            }

            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.CategoryMade, new { categoryId = id, command.Kind }, code, Visibility.Desk);
            return new CategoryMade(id);
        }
    }
}

public sealed record CategoryMade(Guid CategoryId);

/// <summary>What a category is called and means from now on. Requests that have it keep their priority, their crew and who pays.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record AmendCategory([property: JsonIgnore] Guid CategoryId, CategoryWords Words, int? Version = null) : ICommand<CategoryReply>
{
    public sealed class Validator : AbstractValidator<AmendCategory>
    {
        public Validator() => RuleFor(c => c.Words).SetValidator(new CategoryWords.Validator());
    }

    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<AmendCategory, CategoryReply>
    {
        private const string Write = """
            update category
            set name = @Name, name_en = @NameEn, crew = @Crew, priority = @Priority, payer = @Payer, common_area = @CommonArea, demands_photos = @DemandsPhotos, version = version + 1
            where community_id = @CommunityId and category_id = @CategoryId
            """;

        public async Task<CategoryReply> Handle(AmendCategory command, CancellationToken cancellationToken)
        {
            var category = await LockedCategory.Of(db, caller, command.CategoryId, cancellationToken);
            caller.MustKnowVersion("category", category.Version, command.Version);
            await db.Run(Write, LockedCategory.Row(category.CommunityId, category.CategoryId, command.Words), cancellationToken);
            var to = command.Words;
            log.Write(
                category.CommunityId,
                SubjectKind.Community,
                category.CommunityId,
                Happening.CategoryAmended,
                new { category.CategoryId, to.Crew, to.Priority, to.Payer, to.CommonArea, to.DemandsPhotos, version = category.Version + 1 },
                $"{category.Code} {PlainText.Normalise(to.Name)}",
                Visibility.Desk);
            return category.Changed(category.RetiredAt);
        }
    }
}

/// <summary>A category is used no more: no new request has it. Those that have it keep it. Only one that none below it is used.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record RetireCategory([property: JsonIgnore] Guid CategoryId, int? Version = null) : ICommand<CategoryReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<RetireCategory, CategoryReply>
    {
        private const string Below = """
            select exists (select from category c where c.community_id = @CommunityId and c.parent_id = @CategoryId and c.retired_at is null)
            """;

        private const string Write = """
            update category
            set retired_at = @Now, version = version + 1
            where community_id = @CommunityId and category_id = @CategoryId
            """;

        public async Task<CategoryReply> Handle(RetireCategory command, CancellationToken cancellationToken)
        {
            await LockedCategory.LockTreeOf(db, caller, command.CategoryId, cancellationToken);
            var category = await LockedCategory.Of(db, caller, command.CategoryId, cancellationToken);
            caller.MustNotBeStale("category", category.Version, command.Version);
            if (category.RetiredAt is not null)
            {
                throw new Refused.Conflict("category.retired_already", "This category is used no more already.");
            }

            if (await db.Single<bool>(Below, category, cancellationToken))
            {
                throw new Refused.Conflict("category.has_categories", "There are categories below this one. Retire them first.");
            }

            var now = clock.Now();
            await db.Run(Write, new { category.CommunityId, category.CategoryId, Now = now }, cancellationToken);
            log.Write(category.CommunityId, SubjectKind.Community, category.CommunityId, Happening.CategoryRetired, new { category.CategoryId }, category.Code, Visibility.Desk);
            return category.Changed(now);
        }
    }
}

/// <summary>A category is used again.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ReinstateCategory([property: JsonIgnore] Guid CategoryId, int? Version = null) : ICommand<CategoryReply>
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<ReinstateCategory, CategoryReply>
    {
        private const string Above = """
            select exists (select from category c where c.community_id = @CommunityId and c.category_id = @ParentId and c.retired_at is not null)
            """;

        private const string Write = """
            update category
            set retired_at = null, version = version + 1
            where community_id = @CommunityId and category_id = @CategoryId
            """;

        public async Task<CategoryReply> Handle(ReinstateCategory command, CancellationToken cancellationToken)
        {
            await LockedCategory.LockTreeOf(db, caller, command.CategoryId, cancellationToken);
            var category = await LockedCategory.Of(db, caller, command.CategoryId, cancellationToken);
            caller.MustNotBeStale("category", category.Version, command.Version);
            if (category.RetiredAt is null)
            {
                throw new Refused.Conflict("category.not_retired", "This category is in use.");
            }

            if (await db.Single<bool>(Above, category, cancellationToken))
            {
                throw new Refused.Conflict("category.parent_retired", "The category that it stands below is used no more. Bring that back first.");
            }

            await db.Run(Write, category, cancellationToken);
            log.Write(category.CommunityId, SubjectKind.Community, category.CommunityId, Happening.CategoryReinstated, new { category.CategoryId }, category.Code, Visibility.Desk);
            return category.Changed(null);
        }
    }
}

/// <summary>A category as it stands after a change.</summary>
public sealed record CategoryReply(Guid CategoryId, DateTimeOffset? RetiredAt, int Version);

/// <summary>A category as the running command holds it: locked.</summary>
internal sealed record LockedCategory(Guid CommunityId, Guid CategoryId, Guid? ParentId, string Code, DateTimeOffset? RetiredAt, int Version)
{
    // One change of what stands below what at a time, in a community.
    private const string Tree = """
        select pg_advisory_xact_lock(hashtextextended('categories:' || @CommunityId::text, 0))
        """;

    private const string Community = """
        select c.community_id
        from category c
        where c.category_id = @CategoryId
        """;

    private const string Read = """
        select c.community_id, c.category_id, c.parent_id, c.code, c.retired_at, c.version
        from category c
        where c.category_id = @CategoryId
        for no key update of c
        """;

    public static Task LockTree(Db db, Guid communityId, CancellationToken ct) => db.Run(Tree, new { CommunityId = communityId }, ct);

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task LockTreeOf(Db db, Caller caller, Guid categoryId, CancellationToken ct)
    {
        var community = await db.Find<Guid?>(Community, new { CategoryId = categoryId }, ct) ?? throw new Refused.NotFound("category");
        caller.MustBeAllowedIn(community);
        await LockTree(db, community, ct);
    }

    /// <exception cref="Refused.NotFound">There is none, or it is another community's.</exception>
    public static async Task<LockedCategory> Of(Db db, Caller caller, Guid categoryId, CancellationToken ct)
    {
        var category = await db.Find<LockedCategory>(Read, new { CategoryId = categoryId }, ct) ?? throw new Refused.NotFound("category");
        caller.MustBeAllowedIn(category.CommunityId);
        return category;
    }

    public static object Row(Guid communityId, Guid categoryId, CategoryWords words, Guid? parentId = null, RequestKind kind = default, string? code = null) => new
    {
        CommunityId = communityId,
        CategoryId = categoryId,
        ParentId = parentId,
        Kind = kind,
        Code = code,
        words.Name,
        words.NameEn,
        Crew = words.Crew is { } crew ? EnumWord.Of(crew) : null,
        words.Priority,
        words.Payer,
        words.CommonArea,
        DemandsPhotos = EnumWord.All(words.DemandsPhotos),
    };

    public CategoryReply Changed(DateTimeOffset? retiredAt) => new(CategoryId, retiredAt, Version + 1);
}
