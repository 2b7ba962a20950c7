using System.Text.Json;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>Tells the people of a fault: each person once a cause, however many of their requests are joined.</summary>
internal sealed class FaultPeople(Db db)
{
    // A person is a customer, or a telephone number that nobody knows better, or the address of a mail where there is neither; one of
    // their requests stands for them. Whoever is joined with a second request was told with the first: joins of one fault come one after the other.
    private const string Persons = """
        with joined as (
            select j.request_id, j.joined_at, r.status, r.customer_id, coalesce(r.customer_id::text, r.reporter_phone, w.sender_normalised) as person
            from fault_request j
            join request r on r.community_id = j.community_id and r.request_id = j.request_id
            left join inbound_message w on w.community_id = r.community_id and w.request_id = r.request_id and w.channel = 'email' and w.is_report and w.sender <> '–'
            where j.community_id = @CommunityId and j.fault_id = @FaultId and j.left_at is null
        )
        select p.request_id, p.customer_id
        from (
            select distinct on (m.person) m.request_id, m.customer_id, m.person
            from joined m
            left join customer c on c.community_id = @CommunityId and c.customer_id = m.customer_id
            where m.status in ('received', 'inProgress') and c.erased_at is null and m.person is not null
            order by m.person, m.joined_at, m.request_id
        ) p
        where @Only::uuid is null
           or (p.person = (select o.person from joined o where o.request_id = @Only)
               and not exists (select from joined o where o.request_id <> @Only and o.person = p.person))
        order by p.request_id
        """;

    private const string Insert = """
        insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
        select @CommunityId, m.id, 'fault:' || @FaultId || ':' || @Cause || ':' || coalesce('customer:' || m.customer_id, 'reporter:' || m.request_id),
            case when m.customer_id is null then 'reporter' else 'customer' end, m.customer_id, m.request_id, @Template, @Detail::json, @Now, @Now
        from unnest(@Ids::uuid[], @RequestIds::uuid[], @CustomerIds::uuid[]) m (id, request_id, customer_id)
        on conflict on constraint message_once_a_cause do nothing
        """;

    private sealed record Person(Guid RequestId, Guid? CustomerId);

    /// <param name="only">Tell the person behind this request alone, which was joined just now, unless they have another one here.</param>
    public async Task Tell(Guid communityId, Guid faultId, string cause, string template, DateTimeOffset? expectedAt, Guid? only, DateTimeOffset now, CancellationToken ct)
    {
        var persons = await db.List<Person>(Persons, new { CommunityId = communityId, FaultId = faultId, Only = only }, ct);
        if (persons.Count == 0)
        {
            return;
        }

        await db.Run(
            Insert,
            new
            {
                CommunityId = communityId,
                FaultId = faultId,
                Cause = cause,
                Template = template,
                Detail = JsonSerializer.Serialize(new { faultId, expectedAt }, Json.Options),
                Now = now,
                Ids = persons.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                RequestIds = persons.Select(p => p.RequestId).ToArray(),
                CustomerIds = persons.Select(p => p.CustomerId).ToArray(),
            },
            ct);
    }
}
