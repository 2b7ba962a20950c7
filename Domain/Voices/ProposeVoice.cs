using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Voices;

/// <summary>
/// "You said, we did": what was asked for in a finished request, and what was done, in words for everybody. A manager reads them before
/// they are public. Typed, not copied: numbers, addresses, the person's name, their home and their own words are refused.
/// </summary>
/// <param name="RequestId">The finished request that it comes from; told to nobody outside. Never a confidential complaint.</param>
/// <param name="Asked">What residents asked for: 1–500 characters.</param>
/// <param name="Done">What was done: 1–500 characters.</param>
/// <param name="AskedEn">The same in English; with <paramref name="DoneEn"/> or not at all.</param>
/// <param name="DoneEn">The same in English.</param>
[AllowedTo(Roles.Desk)]
public sealed record ProposeVoice(Guid RequestId, string Asked, string Done, string? AskedEn = null, string? DoneEn = null) : ICommand<VoiceReply>, IByAPerson
{
    public sealed class Validator : AbstractValidator<ProposeVoice>
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

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, VoiceSources sources) : IRequestHandler<ProposeVoice, VoiceReply>
    {
        private const string Write = """
            insert into voice (community_id, voice_id, request_id, asked, done, asked_en, done_en, proposed_at, proposed_by)
            values (@CommunityId, @VoiceId, @RequestId, @Asked, @Done, @AskedEn, @DoneEn, @Now, @By)
            on conflict (community_id, request_id) where state <> 'withdrawn' do nothing
            """;

        public async Task<VoiceReply> Handle(ProposeVoice command, CancellationToken cancellationToken)
        {
            var request = await LockedRequest.Of(db, command.RequestId, cancellationToken);
            caller.MustBeAllowedIn(request.CommunityId);
            var words = VoiceWords.Of(command.Asked, command.Done, command.AskedEn, command.DoneEn);
            await sources.MustBeFit(request, words, cancellationToken);
            var now = clock.Now();
            var id = Guid.CreateVersion7(now);
            var written = await db.Run(
                Write, new { request.CommunityId, VoiceId = id, request.RequestId, words.Asked, words.Done, words.AskedEn, words.DoneEn, Now = now, By = caller.Actor.Id }, cancellationToken);
            if (written == 0)
            {
                throw new Refused.Conflict("voice.exists_already", "This request has been taken up here already. Edit what is there.");
            }

            sources.Tell(request, id, Happening.VoiceProposed, VoiceState.Proposed, 1, now, words);
            return VoiceReply.Of(id, VoiceState.Proposed, 1);
        }
    }
}
