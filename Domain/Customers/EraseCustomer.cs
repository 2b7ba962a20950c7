using System.Globalization;

namespace PropertyServiceDesk.Domain.Customers;

public enum ErasureReason
{
    /// <summary>The person asked for it.</summary>
    Requested,

    /// <summary>The time is over for which data of this kind are kept.</summary>
    RetentionOver,

    /// <summary>They should never have been registered.</summary>
    RegisteredByMistake,
}

/// <summary>
/// A person is forgotten: name, numbers, homes, and every word that was said by them or about their matters, on requests, orders,
/// answers, calls, files and in the log. What happened, when, how long it took and how it was scored stays; so does the place. It
/// cannot be undone, and is refused while one of their requests is open, unless that is said to be meant. What was written of them
/// since is erased by erasing them again. Not by whom confidential complaints are hidden from: what is erased, and whether something is
/// open, would tell them of one.
/// </summary>
/// <param name="EvenIfOpen">Open requests go on without a person: nobody is asked how it went.</param>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record EraseCustomer([property: JsonIgnore] Guid CustomerId, ErasureReason Reason, bool EvenIfOpen = false) : ICommand<ErasureReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<EraseCustomer, ErasureReply>
    {
        private const string Which = """
            select c.community_id
            from customer c
            where c.customer_id = @CustomerId
            """;

        private const string Hides = """
            select cardinality(hidden_requests((select scope_actor()), array[@CommunityId]::uuid[])) > 0
            """;

        // Others' requests for which this person rang lose the name and the number: they are locked with theirs, in one order.
        private const string LockRequests = """
            select r.request_id, r.status, r.request_id in (select requests_of_customer(@CommunityId, @CustomerId)) as theirs
            from request r
            where r.community_id = @CommunityId
              and r.request_id in (select requests_of_customer(@CommunityId, @CustomerId) union select requests_naming_customer(@CommunityId, @CustomerId))
            order by r.request_id
            for no key update of r
            """;

        private const string LockOrders = """
            select o.work_order_id
            from work_order o
            where o.community_id = @CommunityId and o.work_order_id in (select orders_of_requests_alone(@CommunityId, @RequestIds))
            order by o.work_order_id
            for no key update of o
            """;

        private const string Again = """
            select requests_of_customer(@CommunityId, @CustomerId) union select requests_naming_customer(@CommunityId, @CustomerId)
            """;

        private const string Erase = """
            select requests, work_orders, attachments, array_to_string(texts, ',') as texts
            from erase_customer(@CommunityId, @CustomerId, @Now)
            """;

        // Whoever is being asked is not asked any more; the chaser ends the round.
        private const string AskNoMore = """
            update feedback
            set next_check_at = @Now
            where community_id = @CommunityId and request_id = any (@RequestIds) and ended_at is null
            """;

        private sealed record Request(Guid RequestId, RequestStatus Status, bool Theirs);

        private sealed record Erased(int Requests, int WorkOrders, int Attachments, string Texts);

        public async Task<ErasureReply> Handle(EraseCustomer command, CancellationToken cancellationToken)
        {
            var community = await db.Find<Guid?>(Which, new { command.CustomerId }, cancellationToken) ?? throw new Refused.NotFound("customer");
            caller.MustBeAllowedIn(community);
            var ids = new { CommunityId = community, command.CustomerId };
            if (await db.Single<bool>(Hides, ids, cancellationToken))
            {
                throw new Refused.Forbidden("customer.somebody_else_erases", "Somebody else must do this: not everything in this community is shown to you.");
            }

            var requests = await db.List<Request>(LockRequests, ids, cancellationToken);
            await db.List<Guid>(LockOrders, new { ids.CommunityId, RequestIds = requests.Where(r => r.Theirs).Select(r => r.RequestId).ToArray() }, cancellationToken);
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken, alsoErased: true);
            caller.MustNotBeStale("customer", customer.Version);
            if ((await db.List<Guid>(Again, ids, cancellationToken)).Except(requests.Select(r => r.RequestId)).Any())
            {
                throw new LockSetChanged(); // one more was registered while we waited
            }

            if (!command.EvenIfOpen && requests.Any(r => r.Theirs && r.Status is not (RequestStatus.Closed or RequestStatus.Cancelled)))
            {
                throw new Refused.Conflict("customer.has_open_requests", "One of this customer's requests is open. Finish it first, or say that they are to be forgotten even so.");
            }

            var erased = await db.Single<Erased>(Erase, new { ids.CommunityId, ids.CustomerId, Now = clock.Now() }, cancellationToken);
            await db.Run(AskNoMore, new { ids.CommunityId, RequestIds = requests.Where(r => r.Theirs).Select(r => r.RequestId).ToArray(), Now = clock.Now() }, cancellationToken);
            var texts = erased.Texts.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
            log.Write(
                community,
                SubjectKind.Customer,
                customer.CustomerId,
                Happening.CustomerErased,
                new { command.Reason, command.EvenIfOpen, erased.Requests, erased.WorkOrders, erased.Attachments, texts },
                visibility: Visibility.Desk);
            return new ErasureReply(customer.CustomerId, erased.Requests, erased.WorkOrders, erased.Attachments, texts.Length);
        }
    }
}

/// <summary>What was erased: how many requests, orders, files and texts of the log lost their words.</summary>
public sealed record ErasureReply(Guid CustomerId, int Requests, int WorkOrders, int Attachments, int Texts);
