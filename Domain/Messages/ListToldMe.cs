using FluentValidation;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>What the caller was told, by whichever way, or would have been: the screen is where nothing else leads to them. The newest first; of the last thirty days.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Everybody)]
public sealed record ListToldMe(Guid? CommunityId = null, int Take = 50, string? After = null) : IQuery<Page<ToldLine>>
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public sealed class Validator : AbstractValidator<ListToldMe>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListToldMe, Page<ToldLine>>
    {
        // What was said to a role is said to whoever has it: each by an index of its own.
        private const string Read = """
            select m.community_id, m.message_id, m.template, m.request_id, r.number as request_number, m.work_order_id, m.created_at, m.sent_at, m.channel
            from (
                select x.community_id, x.message_id, x.template, x.request_id, x.work_order_id, x.created_at, x.sent_at, x.channel
                from unnest(@Communities::uuid[]) c
                cross join lateral (
                    select y.community_id, y.message_id, y.template, y.request_id, (y.detail ->> 'workOrderId')::uuid as work_order_id, y.created_at, y.sent_at, y.channel
                    from message y
                    where y.community_id = c and y.recipient_kind = 'staff' and y.recipient_id = @Me and y.created_at > @Since and y.parked_at is null
                      and (not @After or (y.created_at, y.message_id) < (@AfterAt::timestamptz, @AfterId::uuid))
                    order by y.created_at desc, y.message_id desc
                    limit @Take) x
                union all
                select x.community_id, x.message_id, x.template, x.request_id, x.work_order_id, x.created_at, x.sent_at, x.channel
                from unnest(@RoleCommunities::uuid[], @Roles::text[]) c (community_id, role)
                cross join lateral (
                    select y.community_id, y.message_id, y.template, y.request_id, (y.detail ->> 'workOrderId')::uuid as work_order_id, y.created_at, y.sent_at, y.channel
                    from message y
                    where y.community_id = c.community_id and y.recipient_kind = 'role' and y.recipient_role = c.role and y.created_at > @Since and y.parked_at is null
                      and (not @After or (y.created_at, y.message_id) < (@AfterAt::timestamptz, @AfterId::uuid))
                    order by y.created_at desc, y.message_id desc
                    limit @Take) x) m
            left join request r on r.community_id = m.community_id and r.request_id = m.request_id
            order by m.created_at desc, m.message_id desc
            limit @Take
            """;

        public async Task<Page<ToldLine>> Handle(ListToldMe query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var mine = caller.CommunitiesFor(query.CommunityId);
            var roles = caller.Actor.Roles.Where(r => mine.Contains(r.CommunityId)).Distinct().ToList();
            var rows = await db.List<ToldLine>(
                Read,
                new
                {
                    Communities = mine,
                    RoleCommunities = roles.Select(r => r.CommunityId).ToArray(),
                    Roles = roles.Select(r => EnumWord.Of(r.Role)).ToArray(),
                    Me = caller.Actor.Id,
                    Since = clock.Now() - Kept,
                    After = query.After is not null,
                    AfterAt = at,
                    AfterId = id,
                    Take = query.Take + 1,
                },
                cancellationToken);
            return Cursor.Page(rows, query.Take, r => [r.CreatedAt, r.MessageId]);
        }
    }
}

/// <summary>One thing that was told.</summary>
/// <param name="SentAt">When it went out; null where it waits still.</param>
/// <param name="Channel">By which way; screen: here.</param>
public sealed record ToldLine(
    Guid CommunityId, Guid MessageId, string Template, Guid? RequestId, long? RequestNumber, Guid? WorkOrderId, DateTimeOffset CreatedAt, DateTimeOffset? SentAt, MessageChannel? Channel);
