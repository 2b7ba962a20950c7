namespace PropertyServiceDesk.Domain.Voices;

/// <summary>A manager has read these words, and everybody may: the version that was read is named.</summary>
/// <param name="Version">Of the words that were read.</param>
[AllowedTo(Roles.Manager)]
public sealed record ApproveVoice([property: JsonIgnore] Guid VoiceId, int? Version = null) : ICommand<VoiceReply>, IByAPerson
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, VoiceSources sources) : IRequestHandler<ApproveVoice, VoiceReply>
    {
        private const string Write = """
            update voice
            set state = @To, approved_at = @Now, approved_by = @By, version = version + 1
            where voice_id = @VoiceId
            """;

        public async Task<VoiceReply> Handle(ApproveVoice command, CancellationToken cancellationToken)
        {
            var (request, voice) = await sources.Take(command.VoiceId, cancellationToken);
            caller.MustKnowVersion("voice", voice.Version, command.Version);
            var to = VoiceLifecycle.After(voice.State, VoiceMove.Approve);

            // A name may have come to the request, and the owner may have said that it is not solved, since the words were written.
            await sources.MustBeFit(request, voice.Words, cancellationToken);
            var now = clock.Now();
            await db.Run(Write, new { voice.VoiceId, To = to, Now = now, By = caller.Actor.Id }, cancellationToken);
            sources.Tell(request, voice.VoiceId, Happening.VoiceApproved, to, voice.Version + 1, now);
            return VoiceReply.Of(voice.VoiceId, to, voice.Version + 1);
        }
    }
}
