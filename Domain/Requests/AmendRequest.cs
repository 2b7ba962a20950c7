using System.Text.RegularExpressions;
using FluentValidation;
using PropertyServiceDesk.Domain.Voices;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>
/// The desk puts right what was registered. What is left out stays; what is named in <paramref name="Remove"/> is emptied. Open orders
/// that are this request's alone follow in place, asset and payer; shared ones do not. What it was before stays in the log.
/// </summary>
/// <param name="AssetId">Its place becomes the request's, unless <paramref name="PlaceId"/> is given, too.</param>
/// <param name="Reporter">Replaces name and number together.</param>
/// <param name="Foreign">Replaces another authority's number and its deadline together: one without a deadline imposes none. The finish follows, unless it is met already.</param>
/// <param name="Confidential">Of a complaint: the crew and the person complained about do not find it.</param>
/// <param name="AboutCrew">Of a complaint: the crew complained about.</param>
/// <param name="AboutStaffId">Of a complaint: the person complained about.</param>
/// <param name="Reason">Why: 1–1,000 characters; owners do not read it. Needed where another authority's number or deadline changes.</param>
[AllowedTo(Roles.Desk)]
public sealed record AmendRequest(
    [property: JsonIgnore] Guid RequestId,
    string? Description = null,
    Guid? PlaceId = null,
    Guid? AssetId = null,
    Guid? CustomerId = null,
    Reporter? Reporter = null,
    string? OnBehalfOf = null,
    bool? Confidential = null,
    Payer? Payer = null,
    Crew? AboutCrew = null,
    Guid? AboutStaffId = null,
    ForeignNumber? Foreign = null,
    string? Reason = null,
    IReadOnlyList<RequestField>? Remove = null,
    int? Version = null) : ICommand<RequestReply>
{
    private IEnumerable<RequestField> Given()
    {
        (RequestField Field, bool Given)[] all =
        [
            (RequestField.Description, Description is not null),
            (RequestField.Place, PlaceId is not null),
            (RequestField.Asset, AssetId is not null),
            (RequestField.Customer, CustomerId is not null),
            (RequestField.Reporter, Reporter is not null),
            (RequestField.OnBehalfOf, OnBehalfOf is not null),
            (RequestField.Confidential, Confidential is not null),
            (RequestField.Payer, Payer is not null),
            (RequestField.AboutCrew, AboutCrew is not null),
            (RequestField.AboutStaff, AboutStaffId is not null),
            (RequestField.Foreign, Foreign is not null),
        ];
        return all.Where(f => f.Given).Select(f => f.Field);
    }

    public sealed class Validator : AbstractValidator<AmendRequest>
    {
        private static readonly RequestField[] Removable =
            [RequestField.Place, RequestField.Asset, RequestField.Customer, RequestField.Reporter, RequestField.OnBehalfOf, RequestField.AboutCrew, RequestField.AboutStaff, RequestField.Foreign];

        public Validator()
        {
            RuleFor(c => c.Description).OptionalPlainText(4000);
            RuleFor(c => c.OnBehalfOf).OptionalPlainText(100);
            RuleFor(c => c.Reporter!).SetValidator(new Reporter.Validator()).When(c => c.Reporter is not null);
            RuleFor(c => c.Foreign!).SetValidator(new ForeignNumber.Validator()).When(c => c.Foreign is not null);
            RuleFor(c => c.Reason).OptionalPlainText(1000);
            RuleFor(c => c.Reason)
                .Must((c, reason) => reason is not null || (c.Foreign is null && c.Remove?.Contains(RequestField.Foreign) is not true))
                .WithErrorCode("request.reason_missing")
                .WithMessage("Say why another authority's number or deadline changes.");
            RuleFor(c => c.Remove)
                .Must(fields => fields is null || fields.All(Removable.Contains))
                .WithErrorCode("request.cannot_be_removed")
                .WithMessage("A description, confidentiality and payer can be changed, but not removed.");
            RuleFor(c => c.Remove)
                .Must((c, fields) => fields is null || (fields.Distinct().Count() == fields.Count && !fields.Intersect(c.Given()).Any()))
                .WithErrorCode("request.given_and_removed")
                .WithMessage("Name each field once: give it or remove it.");
            RuleFor(c => c.Remove)
                .Must((c, fields) => c.Given().Concat(fields ?? []).Any())
                .WithErrorCode("request.nothing_to_change")
                .WithMessage("Say what to change.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, RequestMover mover, EventLog log, IMediator mediator, VoicesFollow voices) : IRequestHandler<AmendRequest, RequestReply>
    {
        // The customer's row is shared until commit: nobody is forgotten between our look and our writing.
        private const string Known = """
            select cu.customer_id
            from customer cu
            where cu.community_id = @CommunityId and cu.customer_id = @CustomerId
            for share of cu;

            select p.place_id, p.building_id, a.asset_id, a.place_id as asset_place_id, ap.building_id as asset_building_id, cu.customer_id, s.staff_id as about_staff_id
            from community m
            left join place p on p.community_id = m.community_id and p.place_id = @PlaceId and p.retired_at is null
            left join asset a on a.community_id = m.community_id and a.asset_id = @AssetId and a.retired_at is null
                and not exists (select from place x where x.community_id = a.community_id and x.place_id = a.place_id and x.retired_at is not null)
            left join place ap on ap.community_id = a.community_id and ap.place_id = a.place_id
            left join customer cu on cu.community_id = m.community_id and cu.customer_id = @CustomerId and cu.erased_at is null
            left join community_staff s on s.community_id = m.community_id and s.staff_id = @AboutStaffId
            where m.community_id = @CommunityId
            """;

        private const string Write = """
            update request
            set description = coalesce(@Description, description),
                place_id = case when 'place' = any (@Removed) then null else coalesce(@PlaceId, place_id) end,
                building_id = case when 'place' = any (@Removed) then null when @PlaceId::uuid is not null then @BuildingId else building_id end,
                asset_id = case when 'asset' = any (@Removed) then null else coalesce(@AssetId, asset_id) end,
                customer_id = case when 'customer' = any (@Removed) then null else coalesce(@CustomerId, customer_id) end,
                reporter_name = case when @NewReporter or 'reporter' = any (@Removed) then @ReporterName else reporter_name end,
                reporter_phone = case when @NewReporter or 'reporter' = any (@Removed) then @ReporterPhone else reporter_phone end,
                on_behalf_of = case when 'onBehalfOf' = any (@Removed) then null else coalesce(@OnBehalfOf, on_behalf_of) end,
                confidential = coalesce(@Confidential, confidential),
                payer = coalesce(@Payer, payer),
                -- from whom a confidential one is hidden does not change with the category
                about_crew = coalesce(
                    case when 'aboutCrew' = any (@Removed) then null else coalesce(@AboutCrew, about_crew) end,
                    case when coalesce(@Confidential, confidential)
                        then (select c.crew from category c where c.community_id = request.community_id and c.category_id = request.category_id) end),
                about_staff_id = case when 'aboutStaff' = any (@Removed) then null else coalesce(@AboutStaffId, about_staff_id) end,
                foreign_source = case when @NewForeign or 'foreign' = any (@Removed) then @ForeignSource else foreign_source end,
                foreign_number = case when @NewForeign or 'foreign' = any (@Removed) then @ForeignNumber else foreign_number end,
                imposed_due_at = case when @NewForeign or 'foreign' = any (@Removed) then @ImposedDueAt::timestamptz else imposed_due_at end,
                version = version + 1
            where request_id = @RequestId
            returning customer_id is null and reporter_name is null and reporter_phone is null and place_id is null and asset_id is null as nobody_and_nowhere, place_id, about_crew
            """;

        private const string Before = """
            select reporter_name, reporter_phone, on_behalf_of, about_crew, about_staff_id, foreign_source, foreign_number, import_id
            from request
            where request_id = @RequestId
            """;

        // Whoever rang first is found by that number still; another authority's number is found as it is now. The number by which an imported one is known stays.
        private const string Found = """
            delete from search_token
            where community_id = @CommunityId and id = @RequestId and kind = 'request' and token = any (@Gone::text[]);

            insert into search_token (community_id, token, kind, id)
            select @CommunityId, t, 'request', @RequestId
            from unnest(@Come::text[]) t
            on conflict do nothing;
            """;

        private const string Follow = """
            update work_order o
            set place_id = r.place_id, asset_id = r.asset_id,
                payer = case when @Payer::text is null then o.payer when o.rework_of_id is not null and r.payer = 'owner' then 'free' else r.payer end,
                version = o.version + 1
            from request r
            where o.community_id = @CommunityId and o.work_order_id = any (@WorkOrderIds) and r.community_id = o.community_id and r.request_id = @RequestId
            """;

        private sealed record Row(Guid? PlaceId, Guid? BuildingId, Guid? AssetId, Guid? AssetPlaceId, Guid? AssetBuildingId, Guid? CustomerId, Guid? AboutStaffId);

        private sealed record Written(bool NobodyAndNowhere, Guid? PlaceId, Crew? AboutCrew);

        private sealed record Earlier(
            string? ReporterName, string? ReporterPhone, string? OnBehalfOf, Crew? AboutCrew, Guid? AboutStaffId, string? ForeignSource, string? ForeignNumber, string? ImportId)
        {
            public Whoever Who => new(ReporterName, ReporterPhone, OnBehalfOf);
        }

        public async Task<RequestReply> Handle(AmendRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.LockForEdit(command.RequestId, command.Version, cancellationToken);
            var to = RequestLifecycle.After(request.Status, RequestMove.Amend);
            var now = clock.Now();
            var row = await Look(request.CommunityId, command, cancellationToken);
            Check(command, row, request.Kind);
            RegistrationTimes.Check(null, null, command.Foreign?.DueAt, now);
            if (request.Imported && command.Given().Concat(command.Remove ?? []).Contains(RequestField.Foreign) && command.Foreign?.DueAt != request.ImposedDueAt)
            {
                throw new Refused.Conflict("request.deadline_was_imported", "Its deadline came with the import, and governs.");
            }

            var before = await db.Single<Earlier>(Before, new { request.RequestId }, cancellationToken);
            var removed = command.Remove ?? [];
            var placeRemoved = removed.Contains(RequestField.Place);
            var (place, building) = placeRemoved ? (null, null) : row.PlaceId is null ? (row.AssetPlaceId, row.AssetBuildingId) : (row.PlaceId, row.BuildingId);
            if (command.Confidential == true && !request.Confidential)
            {
                await voices.BecomesConfidential(request, now, cancellationToken);
            }

            var written = await WriteIt(command, request.RequestId, place, building, removed, cancellationToken);
            if (written.NobodyAndNowhere)
            {
                throw new Refused.Invalid("request.nobody_and_nowhere", "Say who reports it, or where it is.", "remove");
            }

            if (request.InChargeId is { } inCharge)
            {
                await ComplainedAbout.MustNotBe(db, request.CommunityId, request.RequestId, inCharge, cancellationToken);
            }

            await FollowNumbers(request, command, before, removed, cancellationToken);
            var fields = command.Given().Concat(removed).ToArray();
            var orders = await OrdersFollow(request, command, fields, cancellationToken);
            Tell(request, command, fields, removed, before, written, orders, now);
            await mediator.Publish(
                new RequestAmended(request.CommunityId, request.RequestId, request.PlaceId, written.PlaceId, fields.Contains(RequestField.Foreign) && command.Foreign?.DueAt != request.ImposedDueAt, now), cancellationToken);
            return request.Moved(to);
        }

        // Who rang and what another authority calls it are personal data, and stand in texts of their own, which the desk alone reads.
        private void Tell(
            LockedRequest request, AmendRequest command, RequestField[] fields, IReadOnlyList<RequestField> removed, Earlier before, Written written, Guid[] orders, DateTimeOffset now)
        {
            void Say(Happening what, object detail, string?[] words, Visibility visibility) =>
                log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, what, detail, words.Any(w => w is not null) ? string.Join('\n', words.OfType<string>()) : null, visibility, now);

            RequestField[] Those(params RequestField[] these) => [.. fields.Intersect(these)];
            var who = Those(RequestField.Reporter, RequestField.OnBehalfOf);
            var foreign = Those(RequestField.Foreign);
            var others = fields.Except(who).Except(foreign).ToArray();
            if (who.Length > 0)
            {
                Say(Happening.ReporterAmended, new { fields = who, removed = removed.Intersect(who) }, [$"{before.Who} → {before.Who.After(command, removed)}", command.Reason], Visibility.Desk);
            }

            if (foreign.Length > 0)
            {
                var (from, to) = (Outside(before.ForeignSource, before.ForeignNumber), Outside(command.Foreign?.Source, command.Foreign?.Number));
                Say(Happening.ForeignNumberAmended, new { from = new { dueAt = request.ImposedDueAt }, to = new { dueAt = command.Foreign?.DueAt } }, [$"{from} → {to}", command.Reason], Visibility.Desk);
            }

            if (others.Length > 0)
            {
                Say(
                    Happening.RequestAmended,
                    new
                    {
                        fields = others,
                        command.PlaceId,
                        command.AssetId,
                        command.CustomerId,
                        command.Confidential,
                        command.Payer,
                        written.AboutCrew,
                        command.AboutStaffId,
                        removed = removed.Intersect(others),
                        before = new { request.PlaceId, request.AssetId, request.CustomerId, request.Confidential, request.Payer, before.AboutCrew, before.AboutStaffId },
                        workOrderIds = orders,
                    },
                    [command.Description, command.Reason],
                    !others.All(f => f is RequestField.Description or RequestField.Place or RequestField.Asset) ? Visibility.Desk : command.Reason is null ? Visibility.Owner : Visibility.Crew);
            }
        }

        private static string Outside(string? source, string? number) => string.Join(' ', new[] { source, number }.OfType<string>().DefaultIfEmpty("–"));

        private async Task FollowNumbers(LockedRequest request, AmendRequest command, Earlier before, IReadOnlyList<RequestField> removed, CancellationToken ct)
        {
            var foreign = command.Foreign is not null || removed.Contains(RequestField.Foreign);
            var phone = command.Reporter?.Phone is { } typed ? Rules.PhoneNumber.Normalise(typed) : null;
            if (!foreign && phone is null)
            {
                return;
            }

            var gone = foreign && before.ForeignNumber != before.ImportId ? RequestTokens.OfForeign(before.ForeignNumber).Except(RequestTokens.Of(request.Number, null, null)).ToArray() : [];
            await db.Run(Found, new { request.CommunityId, request.RequestId, Gone = gone, Come = RequestTokens.OfForeign(command.Foreign?.Number).Concat(RequestTokens.OfPhone(phone)).ToArray() }, ct);
        }

        private async Task<Row> Look(Guid communityId, AmendRequest command, CancellationToken ct)
        {
            using var read = await db.Several(Known, new { CommunityId = communityId, command.PlaceId, command.AssetId, command.CustomerId, command.AboutStaffId }, ct);
            await read.ReadAsync<Guid>();
            return await read.ReadSingleAsync<Row>();
        }

        private async Task<Written> WriteIt(AmendRequest command, Guid requestId, Guid? place, Guid? building, IReadOnlyList<RequestField> removed, CancellationToken ct)
        {
            try
            {
                return await db.Single<Written>(
                    Write,
                    new
                    {
                        RequestId = requestId,
                        command.Description,
                        PlaceId = place,
                        BuildingId = building,
                        command.AssetId,
                        command.CustomerId,
                        NewReporter = command.Reporter is not null,
                        ReporterName = command.Reporter?.Name,
                        ReporterPhone = command.Reporter?.Phone is { } typed ? Rules.PhoneNumber.Normalise(typed) : null,
                        command.OnBehalfOf,
                        command.Confidential,
                        command.Payer,
                        command.AboutCrew,
                        command.AboutStaffId,
                        NewForeign = command.Foreign is not null,
                        ForeignSource = command.Foreign?.Source,
                        ForeignNumber = command.Foreign?.Number,
                        ImposedDueAt = command.Foreign?.DueAt?.UtcDateTime,
                        Removed = EnumWord.All(removed),
                    },
                    ct);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.CheckViolation, ConstraintName: "request_in_charge_is_not_complained_about" })
            {
                throw ComplainedAbout.InCharge();
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "request_foreign_number_is_unique" })
            {
                throw new Refused.Conflict("request.foreign_number_taken", "This foreign number is registered already.");
            }
        }

        private async Task<Guid[]> OrdersFollow(LockedRequest request, AmendRequest command, RequestField[] fields, CancellationToken ct)
        {
            if (!fields.Any(f => f is RequestField.Place or RequestField.Asset or RequestField.Payer))
            {
                return [];
            }

            var own = await OpenOrders.LockOwn(db, request, ct);
            if (own.Length > 0)
            {
                await db.Run(Follow, new { request.CommunityId, request.RequestId, WorkOrderIds = own, command.Payer }, ct);
            }

            return own;
        }

        private static void Check(AmendRequest command, Row row, RequestKind kind)
        {
            if (command.PlaceId is not null && row.PlaceId is null)
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }

            if (command.AssetId is not null && row.AssetId is null)
            {
                throw new Refused.Invalid("asset.unknown", "There is no such asset in this community.", "assetId");
            }

            if (command.CustomerId is not null && row.CustomerId is null)
            {
                throw new Refused.Invalid("customer.unknown", "There is no such customer in this community.", "customerId");
            }

            if (command.AboutStaffId is not null && row.AboutStaffId is null)
            {
                throw new Refused.Invalid("staff.unknown", "There is no such colleague in this community.", "aboutStaffId");
            }

            if (kind != RequestKind.Complaint && (command.AboutStaffId is not null || command.AboutCrew is not null || command.Confidential == true))
            {
                throw new Refused.Conflict("request.not_a_complaint", "Only a complaint is about somebody, and only a complaint is confidential.");
            }
        }
    }
}

/// <summary>What an amendment can change; most of it can be removed, too.</summary>
public enum RequestField
{
    Description,
    Place,
    Asset,
    Customer,
    Reporter,
    OnBehalfOf,
    Confidential,
    Payer,
    AboutCrew,
    AboutStaff,

    /// <summary>Another authority's number and the deadline that it imposes.</summary>
    Foreign,
}

/// <summary>What was registered was put right. Where the place changed, another policy may hold.</summary>
/// <param name="OtherDeadline">Another authority imposes another deadline, or none any more.</param>
public sealed record RequestAmended(Guid CommunityId, Guid RequestId, Guid? FromPlaceId, Guid? ToPlaceId, bool OtherDeadline, DateTimeOffset At) : INotification;

/// <summary>Who reported a request and for whom, as the log says it in words: numbers stand between blanks, so that they are found there, to be masked and to be forgotten.</summary>
internal sealed partial record Whoever(string? Name, string? Phone, string? OnBehalfOf)
{
    public Whoever After(AmendRequest command, IReadOnlyList<RequestField> removed)
    {
        var reporter = command.Reporter is not null || removed.Contains(RequestField.Reporter);
        return new(
            reporter ? command.Reporter?.Name : Name,
            reporter ? command.Reporter?.Phone is { } typed ? Rules.PhoneNumber.Normalise(typed) : null : Phone,
            removed.Contains(RequestField.OnBehalfOf) ? null : command.OnBehalfOf ?? OnBehalfOf);
    }

    public override string ToString() => string.Join(' ', new[] { Name, Phone, OnBehalfOf is null ? null : $"({OnBehalfOf})" }.OfType<string>().DefaultIfEmpty("–"));

    /// <summary>As everybody sees it who did not ask for numbers in full.</summary>
    public static string? Masked(string? text) => text is null ? null : Number().Replace(text, m => Customers.Masked.Phone(m.Value)!);

    [GeneratedRegex(@"(?<![^ \n])\+?[0-9]{5,15}(?:-[0-9]{1,6})?(?![^ \n])", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
