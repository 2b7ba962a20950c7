using FluentValidation;

namespace PropertyServiceDesk.Domain.Voices;

/// <summary>Other words. What was public is so no longer until a manager has read them.</summary>
/// <param name="Asked">What residents asked for: 1–500 characters.</param>
/// <param name="Done">What was done: 1–500 characters.</param>
/// <param name="AskedEn">The same in English; with <paramref name="DoneEn"/> or not at all.</param>
/// <param name="DoneEn">The same in English.</param>
/// <param name="Version">The one that is changed.</param>
[AllowedTo(Roles.Desk)]
public sealed record EditVoice([property: JsonIgnore] Guid VoiceId, string Asked, string Done, string? AskedEn = null, string? DoneEn = null, int? Version = null) : ICommand<VoiceReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<EditVoice>
    {
        public Validator()
        {
            RuleFor(c => c.Asked).ForEverybody(optional: false);
            RuleFor(c => c.Done).ForEverybody(optional: false);
            RuleFor(c => c.AskedEn).ForEverybody(optional: true);
            RuleFor(c => c.DoneEn).ForEverybody(optional: true);
            RuleFor(c => c.DoneEn).Must((c, done) => (done is null) == (c.AskedEn is null)).WithErrorCode("voice.half_translated").WithMessage("Say both in English, or neither.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, VoiceSources sources) : IRequestHandler<EditVoice, VoiceReply>
    {
        private const string Write = """
            update voice
            set state = @To, asked = @Asked, done = @Done, asked_en = @AskedEn, done_en = @DoneEn, approved_at = null, approved_by = null, version = version + 1
            where voice_id = @VoiceId
            """;

        public async Task<VoiceReply> Handle(EditVoice command, CancellationToken cancellationToken)
        {
            var (request, voice) = await sources.Take(command.VoiceId, cancellationToken);
            caller.MustKnowVersion("voice", voice.Version, command.Version);
            var to = VoiceLifecycle.After(voice.State, VoiceMove.Edit);
            var words = VoiceWords.Of(command.Asked, command.Done, command.AskedEn, command.DoneEn);
            await sources.MustBeFit(request, words, cancellationToken);
            await db.Run(Write, new { voice.VoiceId, To = to, words.Asked, words.Done, words.AskedEn, words.DoneEn }, cancellationToken);
            sources.Tell(request, voice.VoiceId, Happening.VoiceEdited, to, voice.Version + 1, clock.Now(), words);
            return VoiceReply.Of(voice.VoiceId, to, voice.Version + 1);
        }
    }
}
