using System.Globalization;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Feedback;

/// <summary>Who wrote an answer down. There is no third kind: nothing but a person scores.</summary>
public enum AnswerAuthor
{
    Owner,
    Staff,
}

/// <summary>What the owner said about a round.</summary>
/// <param name="Satisfaction">Null for a plain "not fixed".</param>
/// <param name="SpokeWith">Who said it, where staff wrote it down.</param>
/// <param name="Words">What else they said; the log keeps it.</param>
internal sealed record Answer(
    AnswerAuthor Author, Solved Solved, short? Satisfaction, short? Recommend, string? MadeItFive, string? SpokeWith, string? NumberDialled, string? Words = null);

/// <summary>Stores an answer: once a round, with its author, and with what had been recorded before it where it comes late.</summary>
internal sealed class AnswerBook(Db db, Caller caller, EventLog log, CallClocks calls)
{
    private const string Write = """
        update feedback
        set state = @State, ended_at = @Now, next_check_at = null, solved = @Solved, satisfaction = @Satisfaction, recommend = @Recommend, made_it_five = @MadeItFive,
            author_kind = @Author, author_id = @AuthorId, spoke_with = @SpokeWith, number_dialled = @NumberDialled, not_asked_rule = null, taken_by = null, taken_until = null,
            earlier_outcome = case when ended_at is not null then state end, earlier_ended_at = ended_at, version = version + 1
        where feedback_id = @FeedbackId
        """;

    /// <exception cref="Refused.Conflict">Somebody was first; the sentence says who, and when.</exception>
    public async Task Store(LockedRequest request, LockedRound round, Answer answer, DateTimeOffset now, CancellationToken ct)
    {
        round.MustNotBeAnswered();
        var state = FeedbackLifecycle.After(round.State, FeedbackMove.Answer);
        await db.Run(
            Write,
            new
            {
                round.FeedbackId,
                State = state,
                Now = now,
                answer.Solved,
                answer.Satisfaction,
                answer.Recommend,
                answer.MadeItFive,
                Author = EnumWord.Of(answer.Author),
                AuthorId = answer.Author == AnswerAuthor.Staff ? caller.Actor.Id : (Guid?)null,
                answer.SpokeWith,
                answer.NumberDialled,
            },
            ct);
        log.Write(
            request.CommunityId,
            SubjectKind.Feedback,
            round.FeedbackId,
            Happening.FeedbackGiven,
            new { request.RequestId, round.Round, answer.Solved, answer.Satisfaction, answer.Recommend, answer.Author, lateAfter = round.EndedAt is null ? (FeedbackState?)null : round.State },
            answer.MadeItFive ?? answer.Words,
            Visibility.Desk,
            now);
        if (answer.NumberDialled is { } dialled)
        {
            await CallLog.Write(db, request.CommunityId, round.FeedbackId, caller.Actor.Id, now, dialled, CallResult.Answered, null, answer.SpokeWith, null, ct);
        }

        await calls.Met(request.CommunityId, [request.RequestId, round.FeedbackId], now, ct);
    }
}

/// <summary>The round that is open, or the last one, locked after its request.</summary>
internal sealed record LockedRound(
    Guid FeedbackId,
    short Round,
    FeedbackState State,
    int Version,
    DateTimeOffset? EndedAt,
    AnswerAuthor? AuthorKind,
    string? AuthorName,
    string? PlanPolicy,
    Guid? PlanVersionId,
    bool BySomebodyElse,
    DateTimeOffset? CallAfter,
    Guid? TakenBy,
    string? TakenByName,
    DateTimeOffset? TakenUntil,
    Guid? HandedTo,
    string TimeZone)
{
    private const string Read = """
        select f.feedback_id, f.round, f.state, f.version, f.ended_at, f.author_kind, (select s.display_name from staff s where s.staff_id = f.author_id) as author_name, f.plan_policy, f.plan_version_id,
            f.by_somebody_else, f.call_after, f.taken_by, (select s.display_name from staff s where s.staff_id = f.taken_by) as taken_by_name, f.taken_until, f.handed_to,
            (select m.time_zone from community m where m.community_id = f.community_id) as time_zone
        from feedback f
        where f.community_id = @CommunityId and f.request_id = @RequestId
          and (@FeedbackId::uuid is null or f.feedback_id = @FeedbackId)
        order by f.round desc
        limit 1
        for no key update of f
        """;

    private const string Did = """
        select exists (
            select
            from request_work_order l
            join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
            where l.community_id = @CommunityId and l.request_id = @RequestId and (@StaffId = any (o.worked_by) or (o.assignee_id = @StaffId and o.status = 'done')))
        """;

    private const string RequestOf = """
        select request_id
        from feedback
        where feedback_id = @FeedbackId
        """;

    public TimeZoneInfo Zone => TimeZoneInfo.FindSystemTimeZoneById(TimeZone);

    public bool IsOpen => State is FeedbackState.Asked or FeedbackState.Reminded or FeedbackState.ToCall;

    public static async Task<LockedRound> Latest(Db db, LockedRequest request, CancellationToken ct) =>
        await db.Find<LockedRound>(Read, new { request.CommunityId, request.RequestId, FeedbackId = (Guid?)null }, ct)
        ?? throw new Refused.Conflict("feedback.not_yet", "There is nothing to give feedback on yet: the request is not finished.");

    /// <summary>One of the request's rounds, whether it is over or not.</summary>
    public static Task<LockedRound> Of(Db db, LockedRequest request, Guid feedbackId, CancellationToken ct) =>
        db.Single<LockedRound>(Read, new { request.CommunityId, request.RequestId, FeedbackId = (Guid?)feedbackId }, ct);

    /// <summary>For whoever rings about it: the request and its round, locked; the caller is not the person who did the work.</summary>
    public static async Task<(LockedRequest Request, LockedRound Round)> ToCall(Db db, RequestMover mover, Caller caller, Guid requestId, CancellationToken ct)
    {
        var request = await mover.Lock(requestId, ct);
        var round = await Latest(db, request, ct);
        await MustNotHaveDoneTheWork(db, request, round, caller.Actor.Id, ct);
        return (request, round);
    }

    /// <summary>The same, named by the round.</summary>
    /// <exception cref="Refused.Conflict">A later round of the request has begun, or this one is not open.</exception>
    public static async Task<(LockedRequest Request, LockedRound Round)> Open(Db db, RequestMover mover, Guid feedbackId, CancellationToken ct)
    {
        var requestId = await db.Find<Guid?>(RequestOf, new { FeedbackId = feedbackId }, ct) ?? throw new Refused.NotFound("call_back");
        LockedRequest request;
        try
        {
            request = await mover.Lock(requestId, ct);
        }
        catch (Refused.NotFound)
        {
            throw new Refused.NotFound("call_back");
        }

        var round = await Latest(db, request, ct);
        return round.FeedbackId == feedbackId && round.IsOpen
            ? (request, round)
            : throw new Refused.Conflict("call_back.over", "There is nothing to call about any more: this round has ended.");
    }

    /// <exception cref="Refused.Forbidden">They did the work, or a part of it, also where it was handed over afterwards; or they are in charge of it and the policy wants somebody else.</exception>
    public static async Task MustNotHaveDoneTheWork(Db db, LockedRequest request, LockedRound round, Guid staffId, CancellationToken ct)
    {
        if ((round.BySomebodyElse && request.InChargeId == staffId) || await db.Single<bool>(Did, new { request.CommunityId, request.RequestId, StaffId = staffId }, ct))
        {
            throw new Refused.Forbidden("feedback.did_the_work", "Whoever did the work does not ask how it went. Let somebody else call.");
        }
    }

    /// <exception cref="Refused.Conflict">Answered already; says by whom and when.</exception>
    public void MustNotBeAnswered()
    {
        if (State == FeedbackState.Answered)
        {
            var at = TimeZoneInfo.ConvertTime(EndedAt!.Value, Zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            throw AuthorKind == AnswerAuthor.Owner
                ? new Refused.Conflict("feedback.answered_by_owner", $"The owner was first: they answered on {at}. Their answer stands.")
                : new Refused.Conflict("feedback.answered_by_staff", $"{AuthorName} was first: the answer was written down on {at}. It stands.");
        }
    }

    /// <exception cref="Refused.Conflict">Somebody else has it in hand.</exception>
    public void MustNotBeTakenByAnother(Guid me, DateTimeOffset now)
    {
        if (TakenBy is { } other && other != me && TakenUntil > now)
        {
            throw new Refused.Conflict("call_back.taken", $"{TakenByName} is calling just now.");
        }
    }
}
