namespace PropertyServiceDesk.Domain.Customers;

/// <summary>
/// A customer's telephone numbers and addresses in full; everywhere else they are masked. Who looked, and when, is written down. The
/// reply is not kept with an Idempotency-Key: asked twice, it was looked at twice.
/// </summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record ShowCustomerContact([property: JsonIgnore] Guid CustomerId) : ICommand<ContactData>, IShowsPersonalData
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<ShowCustomerContact, ContactData>
    {
        private const string Read = """
            select c.community_id, c.customer_id, c.name
            from customer c
            where c.customer_id = @CustomerId and c.erased_at is null
            """;

        private sealed record Row(Guid CommunityId, Guid CustomerId, string Name);

        public async Task<ContactData> Handle(ShowCustomerContact command, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Read, new { command.CustomerId }, cancellationToken) ?? throw new Refused.NotFound("customer");
            caller.MustBeAllowedIn(row.CommunityId);
            var points = await ContactData.PointsOf(db, row.CommunityId, row.CustomerId, cancellationToken);
            log.Write(row.CommunityId, SubjectKind.Customer, row.CustomerId, Happening.ContactDataShown, new { contactPoints = points.Count }, visibility: Visibility.Desk);
            return new ContactData(row.CustomerId, null, null, points, []);
        }
    }
}

/// <summary>
/// Whom to ring about a request: the reporter's own number in full, and the customer's. Written down like every look at a customer's
/// numbers, with the request that it was for.
/// </summary>
[AllowedTo(Roles.Desk | Roles.System)]
public sealed record ShowRequestContact([property: JsonIgnore] Guid RequestId) : ICommand<ContactData>, IShowsPersonalData
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<ShowRequestContact, ContactData>
    {
        private const string Read = """
            select r.community_id, r.customer_id, r.reporter_name, r.reporter_phone
            from request r
            where r.request_id = @RequestId and not (r.confidential and r.request_id = any (hidden_requests((select scope_actor()), array[r.community_id])))
            """;

        private const string Amended = """
            select x.text
            from event e
            join event_text x on x.community_id = e.community_id and x.seq = e.seq
            where e.community_id = @CommunityId and e.subject_id = @RequestId and e.what = 'reporterAmended' and x.text is not null
            order by e.seq desc
            limit 20
            """;

        private sealed record Row(Guid CommunityId, Guid? CustomerId, string? ReporterName, string? ReporterPhone);

        public async Task<ContactData> Handle(ShowRequestContact command, CancellationToken cancellationToken)
        {
            var row = await db.Find<Row>(Read, new { command.RequestId }, cancellationToken) ?? throw new Refused.NotFound("request");
            caller.MustBeAllowedIn(row.CommunityId);
            var points = row.CustomerId is { } customer ? await ContactData.PointsOf(db, row.CommunityId, customer, cancellationToken) : [];
            var amended = await db.List<string>(Amended, new { row.CommunityId, command.RequestId }, cancellationToken);
            log.Write(
                row.CommunityId,
                row.CustomerId is null ? SubjectKind.Request : SubjectKind.Customer,
                row.CustomerId ?? command.RequestId,
                Happening.ContactDataShown,
                new { command.RequestId, contactPoints = points.Count, reporter = row.ReporterPhone is not null },
                visibility: Visibility.Desk);
            return new ContactData(row.CustomerId, row.ReporterName, row.ReporterPhone, points, amended);
        }
    }
}

/// <summary>Numbers and addresses in full.</summary>
/// <param name="ReporterPhone">The number that the request was reported from, where it is not known as the customer's.</param>
/// <param name="Amended">Of a request: who reported it before and after each amendment, in words, the latest first; at most 20.</param>
public sealed record ContactData(Guid? CustomerId, string? ReporterName, string? ReporterPhone, IReadOnlyList<ContactPoint> ContactPoints, IReadOnlyList<string> Amended)
{
    private const string Points = """
        select p.contact_point_id, p.kind, p.value, p.normalised, p.label
        from contact_point p
        where p.community_id = @CommunityId and p.customer_id = @CustomerId
        order by p.position, p.contact_point_id
        """;

    internal static Task<IReadOnlyList<ContactPoint>> PointsOf(Db db, Guid communityId, Guid customerId, CancellationToken ct) =>
        db.List<ContactPoint>(Points, new { CommunityId = communityId, CustomerId = customerId }, ct);
}

/// <summary>Contact data as everybody sees it who did not ask for it in full.</summary>
internal static class Masked
{
    public static string? Phone(string? number) => number is null ? null : Rules.PhoneNumber.Mask(Rules.PhoneNumber.Normalise(number) ?? number);

    public static ContactPoint Point(ContactPoint point)
    {
        var shown = point.Kind switch
        {
            ContactKind.Phone => Rules.PhoneNumber.Mask(point.Normalised),
            ContactKind.Email => First(point.Normalised) + "***" + point.Normalised[Math.Max(point.Normalised.IndexOf('@', StringComparison.Ordinal), 0)..],
            ContactKind.WeChat => First(point.Normalised) + "***",
        };
        return point with { Value = shown, Normalised = shown };
    }

    private static string First(string text) => text.EnumerateRunes().First().ToString();
}
