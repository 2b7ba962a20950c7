using System.Globalization;
using FluentValidation;
using PropertyServiceDesk.Domain.Owner;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>An owner reports something, by whatever channel; a clerk, another system or the owner's own form registers it.</summary>
/// <param name="Priority">The category's own where it is left out.</param>
/// <param name="Description">What the owner said: 1–4,000 characters.</param>
/// <param name="CustomerId">A customer of this community; leave out for an unknown caller, and give <paramref name="Reporter"/>.</param>
/// <param name="OnBehalfOf">For whom the reporter speaks, if not for themselves.</param>
/// <param name="ReportedAt">When the owner said it, if earlier than now (paper of the night): not in the future, at most 90 days ago. The owner's clocks start here.</param>
/// <param name="Confidential">Of a complaint: the crew and the person complained about do not find it.</param>
/// <param name="AboutCrew">Of a complaint: the crew complained about. Of a confidential one the category's crew, where it is left out.</param>
/// <param name="AboutStaffId">Of a complaint: the person complained about.</param>
/// <param name="ToConfirm">Nobody knows who reports it: the desk is to look at it first.</param>
/// <param name="Foreign">The number and the deadline that another authority (12345 hotline, street office) gave it.</param>
[AllowedTo(Roles.Desk | Roles.Crews | Roles.System)]
public sealed record ReceiveRequest(
    Guid CommunityId,
    RequestKind Kind,
    Channel Channel,
    Guid CategoryId,
    string Description,
    Priority? Priority = null,
    Guid? PlaceId = null,
    Guid? AssetId = null,
    Guid? CustomerId = null,
    Reporter? Reporter = null,
    string? OnBehalfOf = null,
    bool Confidential = false,
    DateTimeOffset? ReportedAt = null,
    AppointmentWindow? Appointment = null,
    ForeignNumber? Foreign = null,
    Crew? AboutCrew = null,
    Guid? AboutStaffId = null,
    bool ToConfirm = false) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<ReceiveRequest>
    {
        public Validator()
        {
            RuleFor(c => c.Description).PlainText(4000);
            RuleFor(c => c.OnBehalfOf).OptionalPlainText(100);
            RuleFor(c => c.Reporter!).SetValidator(new Reporter.Validator()).When(c => c.Reporter is not null);
            RuleFor(c => c.Foreign!).SetValidator(new ForeignNumber.Validator()).When(c => c.Foreign is not null);
            RuleFor(c => c.CustomerId)
                .Must((c, _) => c.CustomerId is not null || c.Reporter is { Phone: not null } or { Name: not null } || c.PlaceId is not null || c.AssetId is not null)
                .WithErrorCode("request.nobody_and_nowhere")
                .WithMessage("Say who reports it, or where it is.");
            RuleFor(c => c.Kind)
                .Must((c, kind) => kind == RequestKind.Complaint || (c.AboutCrew is null && c.AboutStaffId is null && !c.Confidential))
                .WithErrorCode("request.not_a_complaint")
                .WithMessage("Only a complaint is about somebody, and only a complaint is confidential.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, OwnerLinks links, IMediator mediator) : IRequestHandler<ReceiveRequest, RequestReply>
    {
        // The customer's row is shared until commit: nobody is forgotten between our look and our writing.
        private const string Read = """
            select cu.customer_id
            from customer cu
            where cu.community_id = @CommunityId and cu.customer_id = @CustomerId
            for share of cu;

            select nextval('spoken_number') as sequence,
                c.kind as category_kind, c.priority as category_priority, c.payer as category_payer, c.retired_at as category_retired_at, c.common_area as category_common_area, c.crew as category_crew,
                coalesce(p.place_id, ap.place_id) as place_id, coalesce(p.building_id, ap.building_id) as building_id, coalesce(p.kind, ap.kind) as place_kind,
                a.asset_id, (a.retired_at is null and ap.retired_at is null) is true as asset_in_use, cu.customer_id, cu.erased_at as customer_erased_at,
                case when p.place_id is not null and p.retired_at is null then true end as place_in_use, st.staff_id as about_staff_id
            from community m
            left join category c on c.community_id = m.community_id and c.category_id = @CategoryId
            left join asset a on a.community_id = m.community_id and a.asset_id = @AssetId
            left join place ap on ap.community_id = m.community_id and ap.place_id = a.place_id
            left join place p on p.community_id = m.community_id and p.place_id = @PlaceId
            left join customer cu on cu.community_id = m.community_id and cu.customer_id = @CustomerId
            left join community_staff st on st.community_id = m.community_id and st.staff_id = @AboutStaffId
            where m.community_id = @CommunityId
            """;

        private const string Insert = """
            with token as (
                insert into search_token (community_id, token, kind, id)
                select @CommunityId, t, 'request', @RequestId
                from unnest(@Tokens::text[]) t
            ), link as (
                insert into owner_link (community_id, owner_link_id, request_id, token_hash, made_at)
                values (@CommunityId, @OwnerLinkId, @RequestId, @LinkTokenHash, @Now)
            )
            insert into request (community_id, request_id, number, kind, channel, category_id, priority, description, place_id, building_id, asset_id,
                customer_id, reporter_name, reporter_phone, on_behalf_of, confidential, reported_at, registered_at, registered_by,
                appointment_from, appointment_to, foreign_source, foreign_number, imposed_due_at, payer, about_crew, about_staff_id, to_confirm)
            values (@CommunityId, @RequestId, @Number, @Kind, @Channel, @CategoryId, @Priority, @Description, @PlaceId, @BuildingId, @AssetId,
                @CustomerId, @ReporterName, @ReporterPhone, @OnBehalfOf, @Confidential, @ReportedAt, @Now, @By,
                @AppointmentFrom, @AppointmentTo, @ForeignSource, @ForeignNumber, @ImposedDueAt, @Payer, @AboutCrew, @AboutStaffId, @ToConfirm)
            """;

        private sealed record Row(
            long Sequence,
            RequestKind? CategoryKind,
            Priority? CategoryPriority,
            Payer? CategoryPayer,
            DateTimeOffset? CategoryRetiredAt,
            bool? CategoryCommonArea,
            Crew? CategoryCrew,
            Guid? PlaceId,
            Guid? BuildingId,
            PlaceKind? PlaceKind,
            Guid? AssetId,
            bool AssetInUse,
            Guid? CustomerId,
            DateTimeOffset? CustomerErasedAt,
            bool? PlaceInUse,
            Guid? AboutStaffId);

        public async Task<RequestReply> Handle(ReceiveRequest command, CancellationToken cancellationToken)
        {
            var row = await Look(command, cancellationToken) ?? throw new Refused.NotFound("community");
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            Check(command, row);
            RegistrationTimes.Check(command.ReportedAt, command.Appointment, command.Foreign?.DueAt, now);

            var (id, link) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
            var number = SpokenNumber.Of(row.Sequence);
            var priority = command.Priority ?? row.CategoryPriority!.Value;
            var reportedAt = command.ReportedAt ?? now;
            var reporterPhone = command.Reporter?.Phone is { } typed ? Rules.PhoneNumber.Normalise(typed) : null;
            try
            {
                await db.Run(
                    Insert,
                    new
                    {
                        command.CommunityId,
                        RequestId = id,
                        Number = number,
                        command.Kind,
                        command.Channel,
                        command.CategoryId,
                        Priority = priority,
                        command.Description,
                        row.PlaceId,
                        row.BuildingId,
                        row.AssetId,
                        row.CustomerId,
                        ReporterName = command.Reporter?.Name,
                        ReporterPhone = reporterPhone,
                        command.OnBehalfOf,
                        command.Confidential,
                        ReportedAt = reportedAt,
                        Now = now,
                        By = caller.Actor.Id,
                        AppointmentFrom = command.Appointment?.From,
                        AppointmentTo = command.Appointment?.To,
                        ForeignSource = command.Foreign?.Source,
                        ForeignNumber = command.Foreign?.Number,
                        ImposedDueAt = command.Foreign?.DueAt,
                        Payer = row.CategoryPayer!.Value,
                        AboutCrew = command.AboutCrew ?? (command.Confidential ? row.CategoryCrew : null), // from whom it is hidden does not change with the category
                        command.AboutStaffId,
                        command.ToConfirm,
                        Tokens = RequestTokens.Of(number, command.Foreign?.Number, reporterPhone),
                        OwnerLinkId = link,
                        LinkTokenHash = OwnerLinks.Hash(await links.TokenOf(link, db, cancellationToken)),
                    },
                    cancellationToken);
            }
            catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "request_foreign_number_is_unique" })
            {
                throw new Refused.Conflict("request.foreign_number_taken", "This foreign number is registered already.");
            }

            log.Channel = EnumWord.Of(command.Channel);
            log.Write(
                command.CommunityId,
                SubjectKind.Request,
                id,
                Happening.RequestReceived,
                new { number, command.Kind, command.Channel, command.CategoryId, priority, row.PlaceId, row.AssetId, row.CustomerId, reportedAt, command.Appointment, command.Confidential, imposedDueAt = command.Foreign?.DueAt },
                command.Description,
                Visibility.Owner,
                reportedAt);
            await mediator.Publish(
                new RequestReceived(command.CommunityId, id, command.Kind, command.CategoryId, priority, row.PlaceKind, row.CategoryCommonArea!.Value, reportedAt, command.Appointment, command.Foreign?.DueAt, now),
                cancellationToken);
            return RequestReply.Of(caller, command.CommunityId, command.Kind, id, number, RequestStatus.Received, 1);
        }

        private async Task<Row?> Look(ReceiveRequest command, CancellationToken ct)
        {
            using var read = await db.Several(Read, new { command.CommunityId, command.CategoryId, command.AssetId, command.PlaceId, command.CustomerId, command.AboutStaffId }, ct);
            await read.ReadAsync<Guid>();
            return await read.ReadSingleOrDefaultAsync<Row>();
        }

        private static void Check(ReceiveRequest command, Row row)
        {
            if (row.CategoryKind is null || row.CategoryRetiredAt is not null)
            {
                throw new Refused.Invalid("category.unknown", "There is no such category in this community.", "categoryId");
            }

            if (row.CategoryKind != command.Kind)
            {
                throw new Refused.Invalid("category.other_kind", "This category belongs to another kind of request.", "categoryId");
            }

            if (command.AssetId is not null && !(row.AssetId is not null && row.AssetInUse))
            {
                throw new Refused.Invalid("asset.unknown", "There is no such asset in this community.", "assetId");
            }

            if (command.PlaceId is not null && row.PlaceInUse is null)
            {
                throw new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
            }

            if (command.CustomerId is not null && (row.CustomerId is null || row.CustomerErasedAt is not null))
            {
                throw new Refused.Invalid("customer.unknown", "There is no such customer in this community.", "customerId");
            }

            if (command.AboutStaffId is not null && row.AboutStaffId is null)
            {
                throw new Refused.Invalid("staff.unknown", "There is no such colleague in this community.", "aboutStaffId");
            }
        }
    }
}

/// <summary>An unknown caller: just a number will do.</summary>
public sealed record Reporter(string? Name = null, string? Phone = null)
{
    internal sealed class Validator : AbstractValidator<Reporter>
    {
        public Validator()
        {
            RuleFor(r => r.Name).OptionalPlainText(100);
            RuleFor(r => r.Phone!).PhoneNumber().When(r => r.Phone is not null);
        }
    }
}

/// <summary>When the owner is at home: at most 24 h long, ending in the future, within a year.</summary>
public sealed record AppointmentWindow(DateTimeOffset From, DateTimeOffset To);

/// <summary>Another authority's number for the same thing, and the deadline it imposes, which then governs.</summary>
public sealed record ForeignNumber(string Source, string Number, DateTimeOffset? DueAt = null)
{
    internal sealed class Validator : AbstractValidator<ForeignNumber>
    {
        public Validator()
        {
            RuleFor(f => f.Source).PlainText(60);
            RuleFor(f => f.Number).PlainText(60);
        }
    }
}

/// <summary>A request was registered; its clocks start.</summary>
public sealed record RequestReceived(
    Guid CommunityId,
    Guid RequestId,
    RequestKind Kind,
    Guid CategoryId,
    Priority Priority,
    PlaceKind? PlaceKind,
    bool CommonArea,
    DateTimeOffset ReportedAt,
    AppointmentWindow? Appointment,
    DateTimeOffset? ImposedDueAt,
    DateTimeOffset At) : INotification;

/// <summary>How far a time that somebody types may lie from now. Rules of registration; an import keeps the times it finds.</summary>
internal static class RegistrationTimes
{
    private static readonly TimeSpan LongestAgo = TimeSpan.FromDays(90);
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(366);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromHours(24);

    public static void Check(DateTimeOffset? reportedAt, AppointmentWindow? appointment, DateTimeOffset? imposedDueAt, DateTimeOffset now)
    {
        if (reportedAt > now)
        {
            throw new Refused.Invalid("reported_at.in_the_future", "It cannot have been reported in the future.", "reportedAt");
        }

        if (reportedAt < now - LongestAgo)
        {
            throw new Refused.Invalid("reported_at.too_long_ago", "It was reported more than 90 days ago; check the date.", "reportedAt");
        }

        if (appointment is not null)
        {
            Check(appointment, now);
        }

        if (imposedDueAt is { } due && (due < now - LongestAgo || due > now + FarthestAhead))
        {
            throw new Refused.Invalid("foreign.due_at.out_of_range", "The imposed deadline is more than 90 days ago or more than a year ahead; check the date.", "foreign.dueAt");
        }
    }

    public static void Check(AppointmentWindow appointment, DateTimeOffset now)
    {
        if (appointment.To <= appointment.From || appointment.To - appointment.From > LongestWindow)
        {
            throw new Refused.Invalid("appointment.not_a_window", "An appointment ends after it begins, and lasts at most 24 hours.", "appointment.to");
        }

        if (appointment.To <= now || appointment.From > now + FarthestAhead)
        {
            throw new Refused.Invalid("appointment.out_of_range", "An appointment ends in the future and begins within a year.", "appointment.from");
        }
    }
}

/// <summary>What a request is found by in the one search box: its own number, another authority's, and that of whoever rang.</summary>
internal static class RequestTokens
{
    public static string[] Of(long number, string? foreignNumber, string? reporterPhone)
    {
        var own = "r:" + number.ToString(CultureInfo.InvariantCulture);
        return [.. OfForeign(foreignNumber).Prepend(own).Concat(OfPhone(reporterPhone)).Distinct(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<string> OfForeign(string? foreignNumber) => foreignNumber is null ? [] : ["r:" + foreignNumber.ToLowerInvariant()];

    public static IReadOnlyList<string> OfPhone(string? reporterPhone) => reporterPhone is null ? [] : SearchTokens.ForPhone(reporterPhone);
}
