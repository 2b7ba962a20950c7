using PropertyServiceDesk.Domain.Clocks;

namespace PropertyServiceDesk.Domain.Policies;

/// <summary>"A normal repair reported Friday 17:40 is due …": the policy that would govern and every due time, by what is promised now.</summary>
/// <param name="CategoryId">Names the crew and the place in the tree; leave out for what falls under no category.</param>
/// <param name="Crew">Whose accept and arrive are shown; the category's own where it is left out.</param>
/// <param name="CommonArea">Whether it lies in a common area, whatever the category.</param>
/// <param name="AppointmentFrom">With <paramref name="AppointmentTo"/>.</param>
[AllowedTo(Roles.Everybody)]
public sealed record PreviewSla(
    Guid CommunityId,
    RequestKind Kind,
    Priority Priority,
    DateTimeOffset ReportedAt,
    Guid? CategoryId = null,
    Crew? Crew = null,
    bool CommonArea = false,
    DateTimeOffset? AppointmentFrom = null,
    DateTimeOffset? AppointmentTo = null) : IQuery<SlaPreview>
{
    internal sealed class Handler(Caller caller, SlaBook book, SlaPreviews previews) : IRequestHandler<PreviewSla, SlaPreview>
    {
        public async Task<SlaPreview> Handle(PreviewSla query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            return await previews.Of(query, await book.Now(community, query.ReportedAt, cancellationToken), cancellationToken);
        }
    }
}

/// <param name="Policy">The code of the one that governs.</param>
public sealed record SlaPreview(string Policy, LocalName PolicyName, IReadOnlyList<PreviewedClock> Clocks);

/// <param name="Crew">Of what a crew owes; null of what the owner is owed.</param>
/// <param name="BeyondCalendar">The holidays of a year on the way are not loaded: it is not settled yet.</param>
/// <param name="StretchedBy">The declared event that gives more time.</param>
public sealed record PreviewedClock(
    ClockKind Kind, Crew? Crew, DateTimeOffset StartedAt, DateTimeOffset DueAt, bool BeyondCalendar, Allowance? Allowance, string Calendar, string? StretchedBy);

internal sealed class SlaPreviews(Db db)
{
    private const string Category = """
        select c.kind, c.code, p.code as parent_code, g.code as grandparent_code, c.crew, c.common_area
        from category c
        left join category p on p.community_id = c.community_id and p.category_id = c.parent_id
        left join category g on g.community_id = p.community_id and g.category_id = p.parent_id
        where c.community_id = @CommunityId and c.category_id = @CategoryId
        """;

    private sealed record Row(RequestKind Kind, string Code, string? ParentCode, string? GrandparentCode, Crew? Crew, bool CommonArea);

    public async Task<SlaPreview> Of(PreviewSla asked, CurrentSla sla, CancellationToken ct)
    {
        var category = asked.CategoryId is null ? null
            : await db.Find<Row>(Category, new { asked.CommunityId, asked.CategoryId }, ct) ?? throw new Refused.Invalid("category.unknown", "There is no such category in this community.", "categoryId");
        if (category is { } known && known.Kind != asked.Kind)
        {
            throw new Refused.Invalid("category.other_kind", "This category belongs to another kind of request.", "categoryId");
        }

        if (new[] { asked.ReportedAt, asked.AppointmentFrom, asked.AppointmentTo }.Any(at => at is { Year: < 1990 or >= 2100 }))
        {
            throw new Refused.Invalid("calendar.out_of_range", "Ask about times from 1990 to 2099.");
        }

        if ((asked.AppointmentFrom is null) != (asked.AppointmentTo is null) || asked.AppointmentTo <= asked.AppointmentFrom || asked.AppointmentTo - asked.AppointmentFrom > TimeSpan.FromHours(24))
        {
            throw new Refused.Invalid("appointment.not_a_window", "An appointment ends after it begins, and lasts at most 24 hours.", "appointmentTo");
        }

        var common = asked.CommonArea || category?.CommonArea == true;
        var categories = category is null ? (common ? ["common-area"] : []) : RequestFacts.Categories(category.Code, category.ParentCode, category.GrandparentCode, common);
        var subject = new SlaSubject(asked.Kind, asked.Priority, categories, category?.Crew);
        var policy = SlaPolicy.Choose(sla.Profile.Policies, subject);
        var crew = asked.Crew ?? category?.Crew;
        var owed = OwedClocks.ToTheOwner(policy, asked.Kind, category?.Crew, asked.ReportedAt, asked.AppointmentFrom, null).Select(o => Clock(sla, policy, o, null, asked.Priority));
        if (crew is { } one)
        {
            var theirs = SlaPolicy.Choose(sla.Profile.Policies, subject with { Crew = one });
            owed = owed.Concat(OwedClocks.OfACrew(theirs, one, asked.ReportedAt, asked.AppointmentTo, asked.ReportedAt).Select(o => Clock(sla, theirs, o, one, asked.Priority)));
        }

        return new SlaPreview(policy.Code, policy.Name, [.. owed]);
    }

    private static PreviewedClock Clock(CurrentSla sla, Policy policy, Owed owed, Crew? crew, Priority priority)
    {
        var stretched = sla.Stretched(policy.Code, owed, priority == Priority.Danger, []);
        var due = stretched.FixedAt is { } at ? new Due(at, false) : SlaClock.DueAt(stretched.From, stretched.Allowance!, sla.Calendars[stretched.Calendar].Calendar);
        return new PreviewedClock(owed.Kind, crew, stretched.From, due.At, due.BeyondLoadedCalendar, stretched.Allowance, stretched.Calendar, sla.Events.FirstOrDefault(e => e.Id == stretched.StretchedBy)?.Name);
    }
}

/// <summary>A profile that is not in force yet: whether it could be, how many open clocks it would move, and what one request would be owed by it.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record TrySlaProfile(
    [property: JsonIgnore] Guid CommunityId,
    SlaProfile Profile,
    RequestKind Kind,
    Priority Priority,
    DateTimeOffset ReportedAt,
    Guid? CategoryId = null,
    Crew? Crew = null,
    bool CommonArea = false,
    DateTimeOffset? AppointmentFrom = null,
    DateTimeOffset? AppointmentTo = null) : IQuery<SlaTrial>
{
    internal sealed class Handler(Db db, Caller caller, SlaBook book, SlaEdits edits, SlaPreviews previews) : IRequestHandler<TrySlaProfile, SlaTrial>
    {
        private const string OpenClocks = """
            select count(*)::int
            from clock k
            where k.community_id = @CommunityId and k.subject_kind in ('request', 'workOrder') and k.stopped_at is null and not k.imposed
            """;

        public async Task<SlaTrial> Handle(TrySlaProfile query, CancellationToken cancellationToken)
        {
            var community = caller.CommunitiesFor(query.CommunityId)[0];
            await edits.MustBeSound(community, query.Profile, cancellationToken);
            var asked = new PreviewSla(community, query.Kind, query.Priority, query.ReportedAt, query.CategoryId, query.Crew, query.CommonArea, query.AppointmentFrom, query.AppointmentTo);
            var sla = await book.Now(community, query.ReportedAt, cancellationToken) with { Profile = query.Profile.Normalised() };
            return new SlaTrial(await db.Single<int>(OpenClocks, new { CommunityId = community }, cancellationToken), await previews.Of(asked, sla, cancellationToken));
        }
    }
}

/// <param name="OpenClocks">How many open clocks it would look at and move.</param>
public sealed record SlaTrial(int OpenClocks, SlaPreview Preview);
