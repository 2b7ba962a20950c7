namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>A clock that the sweep cannot look at stands aside for ten minutes, and the desk has an alarm of it.</summary>
[AllowedTo(Roles.System)]
public sealed record PutClockOff(Guid CommunityId, Guid ClockId) : ICommand<bool>
{
    internal sealed class Handler(Db db, TimeProvider clock, ClockTrouble trouble) : IRequestHandler<PutClockOff, bool>
    {
        private const string Write = """
            update clock
            set next_check_at = @Until
            where community_id = @CommunityId and clock_id = @ClockId and stopped_at is null and next_check_at <= @Now
            """;

        public async Task<bool> Handle(PutClockOff command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            if (await db.Run(Write, new { command.CommunityId, command.ClockId, Now = now, Until = now + ClockTrouble.For }, cancellationToken) > 0)
            {
                await trouble.Alarm(command.CommunityId, command.ClockId, now, cancellationToken);
            }

            return true;
        }
    }
}
