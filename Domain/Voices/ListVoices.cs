using FluentValidation;

namespace PropertyServiceDesk.Domain.Voices;

/// <summary>What was written for everybody to read, public or not, the newest first.</summary>
/// <param name="Take">1–200.</param>
[AllowedTo(Roles.Desk)]
public sealed record ListVoices(Guid? CommunityId = null, VoiceState? State = null, int Take = 50, string? After = null) : IQuery<Page<VoiceLine>>
{
    public sealed class Validator : AbstractValidator<ListVoices>
    {
        public Validator() => RuleFor(q => q.Take).InclusiveBetween(1, Cursor.Most).WithErrorCode("take.out_of_range").WithMessage("Take 1 to 200 at a time.");
    }

    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListVoices, Page<VoiceLine>>
    {
        private const string Read = """
            select v.community_id, v.voice_id, v.request_id, r.number, r.kind, r.status as request_status, r.finished_at, v.state, v.asked, v.done, v.asked_en, v.done_en,
                v.proposed_at, p.display_name as proposed_by, v.approved_at, a.display_name as approved_by, v.withdrawn_at, v.withdrawn_why, v.version
            from (
                select x.*
                from unnest(@Communities::uuid[]) m
                cross join lateral (
                    select w.*
                    from voice w
                    where w.community_id = m and (@State::text is null or w.state = @State)
                      and (not @After or (w.proposed_at, w.voice_id) < (@AfterAt::timestamptz, @AfterId::uuid))
                    order by w.proposed_at desc, w.voice_id desc
                    limit @Take
                ) x
                order by x.proposed_at desc, x.voice_id desc
                limit @Take
            ) v
            join request r on r.community_id = v.community_id and r.request_id = v.request_id
            left join staff p on p.staff_id = v.proposed_by
            left join staff a on a.staff_id = v.approved_by
            order by v.proposed_at desc, v.voice_id desc
            """;

        public async Task<Page<VoiceLine>> Handle(ListVoices query, CancellationToken cancellationToken)
        {
            var (at, id) = query.After is null ? (null, Guid.Empty) : Cursor.AtAndId(query.After);
            var rows = await db.List<VoiceLine>(
                Read,
                new
                {
                    Communities = caller.CommunitiesFor(query.CommunityId),
                    State = query.State is { } state ? EnumWord.Of(state) : null,
                    After = query.After is not null,
                    AfterAt = at?.UtcDateTime,
                    AfterId = id,
                    Take = query.Take + 1,
                },
                cancellationToken);
            return Cursor.Page(rows, query.Take, v => [v.ProposedAt, v.VoiceId]);
        }
    }
}

/// <param name="RequestId">The request that it comes from.</param>
/// <param name="Number">Of that request.</param>
/// <param name="RequestStatus">Of that request, now: it may have come back as rework.</param>
public sealed record VoiceLine(
    Guid CommunityId,
    Guid VoiceId,
    Guid RequestId,
    long Number,
    RequestKind Kind,
    RequestStatus RequestStatus,
    DateTimeOffset? FinishedAt,
    VoiceState State,
    string Asked,
    string Done,
    string? AskedEn,
    string? DoneEn,
    DateTimeOffset ProposedAt,
    string? ProposedBy,
    DateTimeOffset? ApprovedAt,
    string? ApprovedBy,
    DateTimeOffset? WithdrawnAt,
    VoiceWithdrawnWhy? WithdrawnWhy,
    int Version);
