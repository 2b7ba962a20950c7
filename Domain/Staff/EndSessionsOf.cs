namespace PropertyServiceDesk.Domain.Staff;

/// <summary>A colleague is signed out everywhere: their telephone is lost, or they forgot to at a strange desk. They sign in again as ever.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record EndSessionsOf([property: JsonIgnore] Guid StaffId) : ICommand<AccountSessionsEnded>
{
    internal sealed class Handler(Db db, TimeProvider clock, Accounts accounts) : IRequestHandler<EndSessionsOf, AccountSessionsEnded>
    {
        private const string EndSessions = """
            select end_sessions_of(@StaffId, @Now)
            """;

        public async Task<AccountSessionsEnded> Handle(EndSessionsOf command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            accounts.MustNotBeOneself(account);
            var ended = await db.Single<int>(EndSessions, new { command.StaffId, Now = clock.Now() }, cancellationToken);
            if (ended == 0)
            {
                throw new Refused.Conflict("account.not_signed_in", "This person is signed in nowhere.");
            }

            await accounts.Touch(account, cancellationToken);
            accounts.Write(account, Happening.SessionEnded);
            return new AccountSessionsEnded(command.StaffId, account.Changed().Version, ended);
        }
    }
}

/// <param name="SessionsEnded">How many there were.</param>
public sealed record AccountSessionsEnded(Guid StaffId, int Version, int SessionsEnded);
