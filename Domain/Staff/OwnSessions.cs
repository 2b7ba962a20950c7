namespace PropertyServiceDesk.Domain.Staff;

/// <summary>One's own sessions that are not over, the last used first.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ListSessions : IQuery<IReadOnlyList<SessionLine>>, IOwnAccount
{
    internal sealed class Handler(Db db, Caller caller, TimeProvider clock) : IRequestHandler<ListSessions, IReadOnlyList<SessionLine>>
    {
        private const string Read = """
            select session_id, created_at, last_seen_at, expires_at, address, user_agent, coalesce(session_id = @Current, false) as current
            from session
            where staff_id = @StaffId and ended_at is null and expires_at > @Now and last_seen_at > @IdleSince
            order by last_seen_at desc, session_id
            limit 200
            """;

        public Task<IReadOnlyList<SessionLine>> Handle(ListSessions query, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            return db.List<SessionLine>(Read, new { StaffId = caller.Actor.Id, Current = caller.SessionId, Now = now, IdleSince = now - Sessions.Idle }, cancellationToken);
        }
    }
}

/// <param name="Current">The one that asks.</param>
/// <param name="Address">From where it was begun.</param>
/// <param name="UserAgent">What the browser calls itself.</param>
public sealed record SessionLine(Guid SessionId, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, string? Address, string? UserAgent, bool Current);

/// <summary>Ends one of one's own sessions, wherever it is used.</summary>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record EndSession([property: JsonIgnore] Guid SessionId) : ICommand<SessionEnded>, IOwnAccount
{
    internal sealed class Handler(Db db, Caller caller, EventLog log, TimeProvider clock) : IRequestHandler<EndSession, SessionEnded>
    {
        private const string Write = """
            update session
            set ended_at = @Now
            where session_id = @SessionId and staff_id = @StaffId and ended_at is null
            """;

        public async Task<SessionEnded> Handle(EndSession command, CancellationToken cancellationToken)
        {
            if (await db.Run(Write, new { command.SessionId, StaffId = caller.Actor.Id, Now = clock.Now() }, cancellationToken) == 0)
            {
                throw new Refused.NotFound("session");
            }

            log.WriteOfOneself(Happening.SessionEnded, new { command.SessionId });
            return new SessionEnded(command.SessionId);
        }
    }
}

public sealed record SessionEnded(Guid SessionId);

/// <summary>A password of one's own choice. Every other session of the account ends.</summary>
/// <param name="Verified">The stored hash with which the host compared the old password: where it is another one by now, nothing is changed.</param>
/// <param name="PasswordHash">Made by the host, which has checked the rules for the new one.</param>
[AllowedTo(Roles.Everybody | Roles.System)]
public sealed record ChangePassword([property: JsonIgnore] string Verified, [property: JsonIgnore] string PasswordHash) : ICommand<PasswordChanged>, IOwnAccount
{
    internal sealed class Handler(Db db, Caller caller, EventLog log, TimeProvider clock) : IRequestHandler<ChangePassword, PasswordChanged>
    {
        private const string Write = """
            select coalesce(set_own_password(@Verified, @PasswordHash, @Now), false)
            """;

        private const string EndOthers = """
            update session
            set ended_at = @Now
            where staff_id = @StaffId and ended_at is null and expires_at > @Now and session_id is distinct from @Current
            """;

        public async Task<PasswordChanged> Handle(ChangePassword command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            if (!await db.Single<bool>(Write, new { command.Verified, command.PasswordHash, Now = now }, cancellationToken))
            {
                throw new Refused.Invalid("password.not_the_current_one", "This is not the present password.", "current");
            }

            var ended = await db.Run(EndOthers, new { StaffId = caller.Actor.Id, Current = caller.SessionId, Now = now }, cancellationToken);
            log.WriteOfOneself(Happening.PasswordChanged, new { sessionsEnded = ended });
            return new PasswordChanged(ended);
        }
    }
}

/// <param name="SessionsEnded">How many other sessions were ended by it.</param>
public sealed record PasswordChanged(int SessionsEnded);
