using System.Globalization;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Messages;

/// <summary>When this community's customers are left alone, in its own zone. Danger is told at any hour.</summary>
/// <param name="From">The first quiet minute, as 21:00.</param>
/// <param name="To">The first one that is not, as 08:30; equal to <paramref name="From"/> where there are no quiet hours.</param>
[AllowedTo(Roles.Manager | Roles.Administrator)]
public sealed record SetQuietHours([property: JsonIgnore] Guid CommunityId, string From, string To) : ICommand<QuietHours>
{
    public sealed class Validator : AbstractValidator<SetQuietHours>
    {
        public Validator()
        {
            RuleFor(c => c.From).PlainText(5).Must(IsTime).WithErrorCode("quiet_hours.not_a_time").WithMessage("A time is written as 08:30.");
            RuleFor(c => c.To).PlainText(5).Must(IsTime).WithErrorCode("quiet_hours.not_a_time").WithMessage("A time is written as 08:30.");
        }

        private static bool IsTime(string? text) => TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<SetQuietHours, QuietHours>
    {
        private const string Write = """
            update community
            set quiet_from = @From::time, quiet_to = @To::time
            where community_id = @CommunityId
            """;

        public async Task<QuietHours> Handle(SetQuietHours command, CancellationToken cancellationToken)
        {
            if (!caller.Actor.Has(command.CommunityId, (Roles)~0))
            {
                throw new Refused.NotFound("community");
            }

            caller.MustBeAllowedIn(command.CommunityId);
            await db.Run(Write, new { command.CommunityId, command.From, command.To }, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.QuietHoursSet, new { command.From, command.To }, null, Visibility.Desk, clock.Now());
            return new QuietHours(command.From, command.To);
        }
    }
}

/// <summary>Times as 08:30, in the community's zone.</summary>
public sealed record QuietHours(string From, string To);

/// <summary>When this community's customers are left alone.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator)]
public sealed record GetQuietHours(Guid CommunityId) : IQuery<QuietHours>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<GetQuietHours, QuietHours>
    {
        private const string Read = """
            select to_char(quiet_from, 'HH24:MI') as "from", to_char(quiet_to, 'HH24:MI') as "to"
            from community
            where community_id = @CommunityId
            """;

        public Task<QuietHours> Handle(GetQuietHours query, CancellationToken cancellationToken) =>
            db.Single<QuietHours>(Read, new { CommunityId = caller.CommunitiesFor(query.CommunityId)[0] }, cancellationToken);
    }
}
