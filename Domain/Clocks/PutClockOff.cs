namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>A clock that the sweep cannot look at stands aside for ten minutes, and the desk has an alarm of it.</summary>
[AllowedTo(Roles.System)]
public sealed record PutClockOff(Guid CommunityId, Guid ClockId) : ICommand<bool>
{
    private static readonly TimeSpan For = TimeSpan.FromMinutes(10);

    internal sealed class Handler(Db db, TimeProvider clock, EventLog log) : IRequestHandler<PutClockOff, bool>
    {
        private const string Write = """
            with off as (
                update clock
                set next_check_at = @Until
                where community_id = @CommunityId and clock_id = @ClockId and stopped_at is null and next_check_at <= @Now
                returning clock_id
            )
            insert into alarm (community_id, alarm_id, kind, clock_id, raised_at)
            select @CommunityId, @AlarmId, 'clockTrouble', o.clock_id, @Now
            from off o
            on conflict (community_id, clock_id, kind) where ended_at is null do nothing
            """;

        public async Task<bool> Handle(PutClockOff command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var raised = await db.Run(Write, new { command.CommunityId, command.ClockId, AlarmId = Guid.CreateVersion7(now), Now = now, Until = now + For }, cancellationToken);
            if (raised > 0)
            {
                log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.AlarmRaised, new { kind = AlarmKind.ClockTrouble, command.ClockId }, visibility: Visibility.Desk);
            }

            return true;
        }
    }
}
