using FluentValidation;

namespace PropertyServiceDesk.Domain.Requests;

/// <summary>Something worth knowing about a request, whatever its state. What the owner may read is the desk's to say.</summary>
/// <param name="Text">1–4,000 characters.</param>
/// <param name="Visibility">Who may read it: the owner and everybody; the crews and the desk; the desk alone.</param>
[AllowedTo(Roles.Desk | Roles.System, Own = Roles.Crews)]
public sealed record NoteOnRequest([property: JsonIgnore] Guid RequestId, string Text, Visibility Visibility) : ICommand<RequestReply>
{
    public sealed class Validator : AbstractValidator<NoteOnRequest>
    {
        public Validator() => RuleFor(c => c.Text).PlainText(4000);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, RequestMover mover, OwnersWord words, EventLog log) : IRequestHandler<NoteOnRequest, RequestReply>
    {
        public async Task<RequestReply> Handle(NoteOnRequest command, CancellationToken cancellationToken)
        {
            var request = await mover.Lock(command.RequestId, cancellationToken);
            if (command.Visibility == Visibility.Owner && !caller.Actor.Has(request.CommunityId, Roles.Desk | Roles.System))
            {
                throw new Refused.Forbidden("note.owner_reads_the_desk", "What the owner reads is written by the desk.");
            }

            var to = RequestLifecycle.After(request.Status, RequestMove.Note);
            var now = clock.Now();
            log.Write(request.CommunityId, SubjectKind.Request, request.RequestId, Happening.RequestNoted, null, command.Text, command.Visibility, now);
            await words.Came(request, now, cancellationToken);
            if (command.Visibility == Visibility.Owner && caller.Actor.Kind == ActorKind.Staff)
            {
                await words.IsRead(request.RequestId, cancellationToken);
            }

            return await request.MoveTo(db, to, cancellationToken);
        }
    }
}
