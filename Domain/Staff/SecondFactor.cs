namespace PropertyServiceDesk.Domain.Staff;

/// <summary>One's own second factor, before and after it is confirmed.</summary>
/// <param name="ConfirmedAt">Null: it was begun, and no code of it was seen yet.</param>
public sealed record OwnFactor(byte[] Secret, DateTimeOffset? ConfirmedAt, long LastStep, int CodesLeft);

/// <summary>Who must have a second factor, and how it stands.</summary>
public static class SecondFactors
{
    /// <summary>Managers and administrators, wherever; a demo's accounts have a password that everybody knows, and nothing to protect.</summary>
    public static bool IsNeeded(IEnumerable<RoleIn> roles, bool isDemo) => !isDemo && roles.Any(r => (r.Role & (Roles.Manager | Roles.Administrator)) != Roles.None);
}

/// <summary>A secret for the authenticator app. It counts once a code of it was seen; until then a new one takes its place.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record BeginSecondFactor([property: JsonIgnore] byte[] Secret) : ICommand<bool>, IOwnAccount
{
    internal sealed class Handler(Db db, TimeProvider clock) : IRequestHandler<BeginSecondFactor, bool>
    {
        private const string Write = """
            select coalesce(begin_factor(@Secret, @Now), false)
            """;

        public async Task<bool> Handle(BeginSecondFactor command, CancellationToken cancellationToken) =>
            await db.Single<bool>(Write, new { command.Secret, Now = clock.Now() }, cancellationToken)
                ? true
                : throw new Refused.Invalid("second_factor.there_already", "There is a second factor already. Remove it first.");
    }
}

/// <summary>The first code of the app was seen: from now on every sign-in asks for one. Ten recovery codes take the place of earlier ones.</summary>
/// <param name="CodeHashes">Made by the host, which has checked the code.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ConfirmSecondFactor([property: JsonIgnore] byte[][] CodeHashes) : ICommand<bool>, IOwnAccount
{
    internal sealed class Handler(Db db, Caller caller, EventLog log, TimeProvider clock) : IRequestHandler<ConfirmSecondFactor, bool>
    {
        private const string Write = """
            select set_recovery_codes(@CodeHashes);

            update session
            set second_factor_at = @Now
            where session_id = @SessionId and staff_id = @StaffId;
            """;

        public async Task<bool> Handle(ConfirmSecondFactor command, CancellationToken cancellationToken)
        {
            await db.Run(Write, new { command.CodeHashes, caller.SessionId, StaffId = caller.Actor.Id, Now = clock.Now() }, cancellationToken);
            log.WriteOfOneself(Happening.SecondFactorEnrolled);
            return true;
        }
    }
}

/// <summary>New recovery codes in place of the earlier ones.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record RenewRecoveryCodes([property: JsonIgnore] byte[][] CodeHashes) : ICommand<bool>, IOwnAccount
{
    internal sealed class Handler(Db db, EventLog log) : IRequestHandler<RenewRecoveryCodes, bool>
    {
        private const string Write = """
            select set_recovery_codes(@CodeHashes)
            """;

        public async Task<bool> Handle(RenewRecoveryCodes command, CancellationToken cancellationToken)
        {
            await db.Run(Write, new { command.CodeHashes }, cancellationToken);
            log.WriteOfOneself(Happening.RecoveryCodesRenewed);
            return true;
        }
    }
}

/// <summary>One's own second factor goes, for a new telephone. Who must have one is led to enrol again.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record RemoveSecondFactor : ICommand<bool>, IOwnAccount
{
    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<RemoveSecondFactor, bool>
    {
        private const string Write = """
            select coalesce(remove_factor(@StaffId), false)
            """;

        public async Task<bool> Handle(RemoveSecondFactor command, CancellationToken cancellationToken)
        {
            await db.Single<bool>(Write, new { StaffId = caller.Actor.Id }, cancellationToken);
            log.WriteOfOneself(Happening.SecondFactorRemoved);
            return true;
        }
    }
}

/// <summary>The second factor of somebody who has lost the telephone and the recovery codes goes; their sessions end. By who is administrator wherever they work.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ResetSecondFactor([property: JsonIgnore] Guid StaffId) : ICommand<AccountReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Accounts accounts) : IRequestHandler<ResetSecondFactor, AccountReply>
    {
        private const string Write = """
            select coalesce(remove_factor(@StaffId), false)
            """;

        private const string EndSessions = """
            select end_sessions_of(@StaffId, @Now)
            """;

        public async Task<AccountReply> Handle(ResetSecondFactor command, CancellationToken cancellationToken)
        {
            var account = await accounts.Whole(command.StaffId, cancellationToken);
            accounts.MustNotBeOneself(account);
            if (!await db.Single<bool>(Write, new { command.StaffId }, cancellationToken))
            {
                throw new Refused.Conflict("second_factor.none", "There is no second factor.");
            }

            await db.Run(EndSessions, new { command.StaffId, Now = clock.Now() }, cancellationToken);
            await accounts.Touch(account, cancellationToken);
            accounts.Write(account, Happening.SecondFactorReset);
            return account.Changed();
        }
    }
}
