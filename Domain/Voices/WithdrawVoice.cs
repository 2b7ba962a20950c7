using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Voices;

/// <summary>A manager takes it back, public or not. It does not come back; another one may be written.</summary>
/// <param name="Reason">1–500 characters; the desk reads it.</param>
[AllowedTo(Roles.Manager)]
public sealed record WithdrawVoice([property: JsonIgnore] Guid VoiceId, string Reason) : ICommand<VoiceReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<WithdrawVoice>
    {
        public Validator() => RuleFor(c => c.Reason).PlainText(500);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, VoiceSources sources) : IRequestHandler<WithdrawVoice, VoiceReply>
    {
        private const string Write = """
            update voice
            set state = @To, withdrawn_at = @Now, withdrawn_why = @Why, version = version + 1
            where voice_id = @VoiceId
            """;

        public async Task<VoiceReply> Handle(WithdrawVoice command, CancellationToken cancellationToken)
        {
            var (request, voice) = await sources.Take(command.VoiceId, cancellationToken);
            caller.MustNotBeStale("voice", voice.Version);
            var to = VoiceLifecycle.After(voice.State, VoiceMove.Withdraw);
            var now = clock.Now();
            await db.Run(Write, new { voice.VoiceId, To = to, Now = now, Why = VoiceWithdrawnWhy.ByManager }, cancellationToken);
            sources.Tell(request, voice.VoiceId, Happening.VoiceWithdrawn, to, voice.Version + 1, now, why: VoiceWithdrawnWhy.ByManager, reason: command.Reason);
            return VoiceReply.Of(voice.VoiceId, to, voice.Version + 1);
        }
    }
}

/// <summary>What takes a pairing off the page without anybody asking for it, in the transaction that makes it untrue or nobody's to read.</summary>
internal sealed class VoicesFollow(Db db, VoiceSources sources) : INotificationHandler<RequestMoved>
{
    private const string Standing = """
        select voice_id, state, asked, done, asked_en, done_en, version
        from voice
        where community_id = @CommunityId and request_id = @RequestId and state <> 'withdrawn'
        for no key update
        """;

    private const string Doubt = """
        update voice
        set state = @To, approved_at = null, approved_by = null, version = version + 1
        where voice_id = @VoiceId
        """;

    private const string Withdraw = """
        update voice
        set state = @To, withdrawn_at = @Now, withdrawn_why = @Why, version = version + 1
        where voice_id = @VoiceId
        """;

    /// <summary>"Not solved": what we say that we did is not done.</summary>
    public async Task Handle(RequestMoved notification, CancellationToken cancellationToken)
    {
        if (notification.Move is not (RequestMove.Rework or RequestMove.ReworkAtDesk)
            || await db.Find<LockedVoice>(Standing, new { notification.CommunityId, notification.RequestId }, cancellationToken) is not { State: VoiceState.Published } voice)
        {
            return;
        }

        var to = VoiceLifecycle.After(voice.State, VoiceMove.Doubt);
        await db.Run(Doubt, new { voice.VoiceId, To = to }, cancellationToken);
        sources.Tell(notification.CommunityId, notification.RequestId, voice.VoiceId, Happening.VoiceDoubted, to, voice.Version + 1, notification.At);
    }

    /// <summary>Before the complaint becomes confidential, which nothing that stands would let it.</summary>
    public async Task BecomesConfidential(LockedRequest request, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.Find<LockedVoice>(Standing, new { request.CommunityId, request.RequestId }, ct) is not { } voice)
        {
            return;
        }

        var to = VoiceLifecycle.After(voice.State, VoiceMove.Withdraw);
        await db.Run(Withdraw, new { voice.VoiceId, To = to, Now = now, Why = VoiceWithdrawnWhy.Confidential }, ct);
        sources.Tell(request.CommunityId, request.RequestId, voice.VoiceId, Happening.VoiceWithdrawn, to, voice.Version + 1, now, why: VoiceWithdrawnWhy.Confidential);
    }
}
