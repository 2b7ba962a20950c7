using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>
/// Looks at rounds of one community whose time to be looked at has come: reminders, the call-back list, and the ends that no person says.
/// Everything is loaded for the whole batch, decided in Rules, and written at once; a round whose request is held by somebody is passed
/// over, and found again by the next look.
/// </summary>
/// <param name="FeedbackIds">At most 1,000.</param>
[AllowedTo(Roles.System)]
public sealed record ChaseFeedback(Guid CommunityId, IReadOnlyList<Guid> FeedbackIds) : ICommand<int>
{
    internal sealed class Handler(Db db, SlaBook book, TimeProvider clock, Caller caller, EventLog log, IMediator mediator, CallClocks calls) : IRequestHandler<ChaseFeedback, int>
    {
        // Requests first, as everywhere, and without waiting: whoever holds one may be writing the answer down.
        private const string Lock = """
            select r.request_id
            from request r
            where r.community_id = @CommunityId
              and r.request_id in (select f.request_id from feedback f where f.community_id = @CommunityId and f.feedback_id = any (@FeedbackIds) and f.next_check_at <= @Now and f.ended_at is null)
            order by r.request_id
            for no key update of r skip locked
            """;

        private const string Load = """
            select f.feedback_id, f.request_id, f.round, f.state, coalesce(f.asked_at, f.started_at) as asked_at, f.reminders, f.last_reminded_at, f.in_sample, f.plan_version_id, f.plan_policy, f.as_rework,
                r.status, r.customer_id, case when r.customer_id is null then r.reporter_phone is null and not exists (
                    select
                    from inbound_message i
                    where i.community_id = r.community_id and i.request_id = r.request_id and i.channel = 'email' and i.is_report and i.sender <> '–') else c.erased_at is not null end as nobody_left, coalesce(c.opted_out_at is not null, false) as opted_out, m.time_zone,
                a.created_at as ask_made_at, a.sent_at as ask_sent_at, a.parked_at as ask_parked_at, a.parked_why as ask_parked_why, b.created_at as reminder_made_at, b.sent_at as reminder_sent_at, b.parked_at as reminder_parked_at, b.parked_why as reminder_parked_why,
                r.customer_id is not null and not exists (select from contact_point p where p.community_id = r.community_id and p.customer_id = r.customer_id) as no_address,
                exists (select from clock k where k.community_id = f.community_id and k.subject_id in (f.feedback_id, f.request_id) and k.kind = 'feedback' and k.stopped_at is null) as call_owed,
                case (select t.result
                      from call_attempt t
                      where t.community_id = f.community_id and t.feedback_id = f.feedback_id and t.follow_up_id is null
                      order by t.tried_at desc, t.call_attempt_id desc
                      limit 1)
                    when 'noNumber' then number_is_known(f.community_id, f.request_id, f.feedback_id)
                    else false end as number_turned_up
            from feedback f
            join request r on r.community_id = f.community_id and r.request_id = f.request_id
            join community m on m.community_id = f.community_id
            left join customer c on c.community_id = r.community_id and c.customer_id = r.customer_id
            left join message a on a.community_id = f.community_id and a.dedupe_key = 'ask:' || f.feedback_id
            left join message b on b.community_id = f.community_id and b.dedupe_key = 'remind:' || f.reminders || ':' || f.feedback_id
            where f.community_id = @CommunityId and f.feedback_id = any (@FeedbackIds) and f.request_id = any (@RequestIds) and f.next_check_at <= @Now and f.ended_at is null
            order by f.feedback_id
            for no key update of f;

            select a.feedback_id, a.tried_at, a.result, a.call_again_at
            from call_attempt a
            where a.community_id = @CommunityId and a.feedback_id = any (@FeedbackIds) and a.follow_up_id is null
            order by a.tried_at, a.call_attempt_id;
            """;

        private const string Rounds = """
            update feedback f
            set state = n.state, next_check_at = n.next_check_at, reminders = n.reminders, last_reminded_at = coalesce(n.reminded_at, f.last_reminded_at),
                listed_at = coalesce(n.listed_at, f.listed_at), listed_why = coalesce(n.listed_why, f.listed_why), call_after = coalesce(n.call_after, f.call_after), ended_at = n.ended_at,
                not_asked_rule = n.rule, taken_by = case when n.ended_at is null then f.taken_by end, taken_until = case when n.ended_at is null then f.taken_until end,
                version = f.version + case when n.moved then 1 else 0 end
            from unnest(@Ids::uuid[], @States::text[], @NextCheckAt::timestamptz[], @Reminders::smallint[], @RemindedAt::timestamptz[], @ListedAt::timestamptz[], @ListedWhy::text[], @CallAfter::timestamptz[],
                @EndedAt::timestamptz[], @Rules::text[], @Moved::boolean[]) n (id, state, next_check_at, reminders, reminded_at, listed_at, listed_why, call_after, ended_at, rule, moved)
            where f.community_id = @CommunityId and f.feedback_id = n.id
            """;

        private const string Reminders = """
            insert into message (community_id, message_id, dedupe_key, recipient_kind, recipient_id, request_id, template, detail, created_at, send_after)
            select @CommunityId, m.id, 'remind:' || m.reminder || ':' || m.feedback_id, case when m.customer_id is null then 'reporter' else 'customer' end, m.customer_id, m.request_id,
                'feedbackReminder', json_build_object('feedbackId', m.feedback_id, 'round', m.round, 'reminder', m.reminder), @Now, @Now
            from unnest(@Ids::uuid[], @FeedbackIds::uuid[], @Numbers::smallint[], @CustomerIds::uuid[], @RequestIds::uuid[], @RoundNumbers::smallint[]) m (id, feedback_id, reminder, customer_id, request_id, round)
            on conflict on constraint message_once_a_cause do nothing
            """;

        private const string Close = """
            update request
            set status = 'closed', closed_at = @Now, version = version + 1
            where community_id = @CommunityId and request_id = any (@RequestIds)
            """;

        private sealed record Row(
            Guid FeedbackId,
            Guid RequestId,
            short Round,
            FeedbackState State,
            DateTimeOffset AskedAt,
            short Reminders,
            DateTimeOffset? LastRemindedAt,
            bool InSample,
            Guid? PlanVersionId,
            string? PlanPolicy,
            bool AsRework,
            RequestStatus Status,
            Guid? CustomerId,
            bool NobodyLeft,
            bool OptedOut,
            string TimeZone,
            DateTimeOffset? AskMadeAt,
            DateTimeOffset? AskSentAt,
            DateTimeOffset? AskParkedAt,
            ParkedWhy? AskParkedWhy,
            DateTimeOffset? ReminderMadeAt,
            DateTimeOffset? ReminderSentAt,
            DateTimeOffset? ReminderParkedAt,
            ParkedWhy? ReminderParkedWhy,
            bool NoAddress,
            bool CallOwed,
            bool NumberTurnedUp)
        {
            /// <summary>Why there is nobody to ask any more.</summary>
            public NotAskedRule? Forgotten => NobodyLeft ? NotAskedRule.Erased : OptedOut ? NotAskedRule.OptedOut : null;

            public OpenRound Open(IEnumerable<Attempt> attempts, DateTimeOffset now)
            {
                var calls = attempts.ToArray();
                var ask = Way(AskMadeAt, AskSentAt, AskParkedAt, AskParkedWhy, now);
                return new OpenRound(State, AskedAt, Reminders, LastRemindedAt, InSample, ask, Reminders == 0 ? ask : Way(ReminderMadeAt, ReminderSentAt, ReminderParkedAt, ReminderParkedWhy, now),
                    [.. calls.Select(a => (a.TriedAt, a.Result))], CallAttempts.Agreed(calls.Select(a => (a.TriedAt, a.Result, a.CallAgainAt))), NumberTurnedUp,
                    AskSentAt > ReminderSentAt ? AskSentAt : ReminderSentAt ?? AskSentAt, CallOwed);
            }

            // A message that is not there was never to be delivered. That no way leads to them says something about them only where they have no address.
            private Delivery Way(DateTimeOffset? madeAt, DateTimeOffset? sentAt, DateTimeOffset? parkedAt, ParkedWhy? why, DateTimeOffset now) =>
                parkedAt is not null || madeAt is null ? (why is ParkedWhy.Bounced or ParkedWhy.Discarded || (NoAddress && why is (null or ParkedWhy.NoChannel)) ? Delivery.Undeliverable : Delivery.Failed)
                : sentAt is not null ? Delivery.Delivered
                : now >= madeAt + FeedbackRules.DeliveredWithin ? Delivery.Late
                : Delivery.Pending;
        }

        private sealed record Attempt(Guid FeedbackId, DateTimeOffset TriedAt, CallResult Result, DateTimeOffset? CallAgainAt);

        private sealed record Chased(Row Row, ChaseDecision Decision, FeedbackState To, DateTimeOffset? CallAfter)
        {
            public bool Ends => To is not (FeedbackState.Asked or FeedbackState.Reminded or FeedbackState.ToCall);

            public NotAskedRule? Rule => To == FeedbackState.NotAsked ? Row.Forgotten : null;

            public bool Lists => To == FeedbackState.ToCall && Row.State != FeedbackState.ToCall;

            public bool OwesACall => (Lists || Decision.Ring) && !Row.CallOwed;
        }

        public async Task<int> Handle(ChaseFeedback command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            var ids = command.FeedbackIds.ToArray();
            var requests = await db.List<Guid>(Lock, new { command.CommunityId, FeedbackIds = ids, Now = now }, cancellationToken);
            if (requests.Count == 0)
            {
                return 0;
            }

            IReadOnlyList<Row> rows;
            ILookup<Guid, Attempt> attempts;
            using (var read = await db.Several(Load, new { command.CommunityId, FeedbackIds = ids, RequestIds = requests.ToArray(), Now = now }, cancellationToken))
            {
                rows = (await read.ReadAsync<Row>()).AsList();
                attempts = (await read.ReadAsync<Attempt>()).ToLookup(a => a.FeedbackId);
            }

            await mediator.Publish(new SweepStep("rounds loaded"), cancellationToken);
            var current = (await book.Now(command.CommunityId, null, cancellationToken)).Profile;
            var chased = new List<Chased>(rows.Count);
            foreach (var row in rows)
            {
                var profile = row.PlanVersionId is { } version ? await book.ProfileOf(version, cancellationToken) : current;
                chased.Add(Decide(row, attempts[row.FeedbackId], profile, now));
            }

            await Write(command.CommunityId, chased, now, cancellationToken);
            return chased.Count;
        }

        private static Chased Decide(Row row, IEnumerable<Attempt> attempts, SlaProfile profile, DateTimeOffset now)
        {
            var (rules, zone) = (profile.Asking(), TimeZoneInfo.FindSystemTimeZoneById(row.TimeZone));
            var decision = row.Forgotten is not null ? new ChaseDecision(FeedbackMove.Forget, null, row.Reminders)
                : FeedbackCadence.Decide(row.Open(attempts, now), profile.PlanOf(row.PlanPolicy, row.AsRework), rules, zone, now);
            var to = decision.Move is { } move ? FeedbackLifecycle.After(row.State, move) : row.State;
            return new Chased(row, decision, to, (to == FeedbackState.ToCall && row.State != to) || decision.Ring ? rules.Decent(now, zone) : null);
        }

        private async Task Write(Guid communityId, IReadOnlyList<Chased> chased, DateTimeOffset now, CancellationToken ct)
        {
            await db.Run(
                Rounds,
                new
                {
                    CommunityId = communityId,
                    Ids = chased.Select(c => c.Row.FeedbackId).ToArray(),
                    States = chased.Select(c => EnumWord.Of(c.To)).ToArray(),
                    NextCheckAt = chased.Select(c => c.Ends ? null : c.Decision.LookAgainAt?.UtcDateTime).ToArray(),
                    Reminders = chased.Select(c => (short)c.Decision.Reminders).ToArray(),
                    RemindedAt = chased.Select(c => c.Decision.Move == FeedbackMove.Remind ? now.UtcDateTime : (DateTime?)null).ToArray(),
                    ListedAt = chased.Select(c => c.Lists ? now.UtcDateTime : (DateTime?)null).ToArray(),
                    ListedWhy = chased.Select(c => c.Lists && c.Decision.Why is { } why ? EnumWord.Of(why) : null).ToArray(),
                    CallAfter = chased.Select(c => c.CallAfter?.UtcDateTime).ToArray(),
                    EndedAt = chased.Select(c => c.Ends ? now.UtcDateTime : (DateTime?)null).ToArray(),
                    Rules = chased.Select(c => c.Rule is { } rule ? EnumWord.Of(rule) : null).ToArray(),
                    Moved = chased.Select(c => c.Decision.Move is not null).ToArray(),
                },
                ct);
            await mediator.Publish(new SweepStep("rounds written"), ct);
            if (chased.Where(c => c.Decision.Move == FeedbackMove.Remind).ToArray() is { Length: > 0 } reminded)
            {
                await db.Run(
                    Reminders,
                    new
                    {
                        CommunityId = communityId,
                        Now = now,
                        Ids = reminded.Select(_ => Guid.CreateVersion7(now)).ToArray(),
                        FeedbackIds = reminded.Select(c => c.Row.FeedbackId).ToArray(),
                        Numbers = reminded.Select(c => (short)c.Decision.Reminders).ToArray(),
                        CustomerIds = reminded.Select(c => c.Row.CustomerId).ToArray(),
                        RequestIds = reminded.Select(c => c.Row.RequestId).ToArray(),
                        RoundNumbers = reminded.Select(c => c.Row.Round).ToArray(),
                    },
                    ct);
                await mediator.Publish(new SweepStep("reminders written"), ct);
            }

            Log(communityId, chased, now);
            await calls.Owe(communityId, [.. chased.Where(c => c.OwesACall).Select(c => (c.Row.FeedbackId, c.Row.PlanPolicy, now))], ct);
            await CloseThem(communityId, [.. chased.Where(c => c.Ends)], now, ct);
            await mediator.Publish(new SweepStep("requests closed"), ct);
        }

        private void Log(Guid communityId, IReadOnlyList<Chased> chased, DateTimeOffset now)
        {
            foreach (var one in chased)
            {
                var (row, decision, _, _) = one;
                var what = decision.Move switch
                {
                    FeedbackMove.Remind => Happening.FeedbackReminded,
                    FeedbackMove.CallDue => Happening.FeedbackCallDue,
                    FeedbackMove.GiveUp => Happening.FeedbackUnreachable,
                    FeedbackMove.Lapse => Happening.FeedbackLapsed,
                    FeedbackMove.Forget => Happening.FeedbackNotAsked,
                    null when one.OwesACall => Happening.FeedbackCallDue,
                    _ => (Happening?)null,
                };
                if (what is { } happened)
                {
                    log.Write(communityId, SubjectKind.Feedback, row.FeedbackId, happened, new { row.RequestId, row.Round, decision.Reminders, decision.Why, one.Rule }, visibility: Visibility.Desk, occurredAt: now);
                }
            }
        }

        private async Task CloseThem(Guid communityId, IReadOnlyList<Chased> ended, DateTimeOffset now, CancellationToken ct)
        {
            var closing = ended.Where(c => RequestLifecycle.AllowedFrom(c.Row.Status).Contains(RequestMove.Close)).ToArray();
            if (closing.Length > 0)
            {
                await db.Run(Close, new { CommunityId = communityId, Now = now, RequestIds = closing.Select(c => c.Row.RequestId).ToArray() }, ct);
            }

            foreach (var c in closing)
            {
                log.Write(communityId, SubjectKind.Request, c.Row.RequestId, Happening.RequestClosed, new { feedback = c.To }, visibility: Visibility.Owner, occurredAt: now);
                await mediator.Publish(new RequestMoved(communityId, c.Row.RequestId, c.Row.Status, RequestMove.Close, RequestStatus.Closed, now), ct);
            }

            if (ended.Count > 0)
            {
                await calls.Met(communityId, [.. ended.Select(c => c.Row.FeedbackId)], now, ct);
            }
        }
    }
}

/// <summary>A round that the sweep cannot look at stands aside for ten minutes; the timeline says so.</summary>
[AllowedTo(Roles.System)]
public sealed record PutRoundOff(Guid CommunityId, Guid FeedbackId) : ICommand<bool>
{
    private static readonly TimeSpan For = TimeSpan.FromMinutes(10);

    internal sealed class Handler(Db db, TimeProvider clock, EventLog log) : IRequestHandler<PutRoundOff, bool>
    {
        private const string Write = """
            update feedback
            set next_check_at = @Until
            where community_id = @CommunityId and feedback_id = @FeedbackId and ended_at is null and next_check_at <= @Now
            """;

        public async Task<bool> Handle(PutRoundOff command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            if (await db.Run(Write, new { command.CommunityId, command.FeedbackId, Now = now, Until = now + For }, cancellationToken) > 0)
            {
                log.Write(command.CommunityId, SubjectKind.Feedback, command.FeedbackId, Happening.FeedbackPutOff, new { until = now + For }, visibility: Visibility.Desk, occurredAt: now);
            }

            return true;
        }
    }
}
