using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>
/// Another community, with its own copy of the categories, the targets and the calendars; whoever adds it is administrator there. Into a
/// district: by who is administrator in all of its communities, and whoever holds a role of the district holds it there, too. Without one:
/// by who is administrator in all communities that there are, as the first administrator is.
/// </summary>
/// <param name="Code">1 to 40 lower-case letters, digits and hyphens; files and links go by it, and it stays.</param>
/// <param name="TimeZone">An IANA name such as <c>Asia/Shanghai</c>; due times go by it, and it stays. The office calendar has the holidays of its country where they are known.</param>
/// <param name="District">The code of a district that there is.</param>
[AllowedTo(Roles.Administrator)]
public sealed record AddCommunity(string Code, string Name, string NameEn, string TimeZone, string? District = null) : ICommand<CommunityReply>
{
    public sealed class Validator : AbstractValidator<AddCommunity>
    {
        public Validator()
        {
            RuleFor(c => c.Code).CommunityCode();
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).PlainText(100);
            RuleFor(c => c.NameEn).OneLine();
            RuleFor(c => c.TimeZone).PlainText(60);
            RuleFor(c => c.TimeZone).TimeZoneName();
            RuleFor(c => c.District!).PlainText(40).When(c => c.District is not null);
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, NewCommunity made) : IRequestHandler<AddCommunity, CommunityReply>
    {
        private const string All = """
            select are_all_communities(@Communities)
            """;

        private const string Administrate = """
            insert into community_staff (community_id, staff_id, joined_at)
            values (@CommunityId, @StaffId, @Now);

            insert into staff_role (community_id, staff_id, role, granted_at)
            values (@CommunityId, @StaffId, @Role, @Now);
            """;

        public async Task<CommunityReply> Handle(AddCommunity command, CancellationToken cancellationToken)
        {
            var now = clock.Now();
            var id = Guid.CreateVersion7(now);
            var district = command.District is { } code ? await DistrictRoles.AllOf(db, caller, code, cancellationToken) : null;
            if (district is null && !await db.Single<bool>(All, new { Communities = caller.Actor.CommunitiesWith(caller.Allowed).ToArray() }, cancellationToken))
            {
                throw new Refused.Forbidden("community.not_all_yours", "Only who is administrator in all communities adds one outside a district.");
            }

            await db.Widen(id, cancellationToken);
            caller.Actor = caller.Actor with { Roles = [.. caller.Actor.Roles, new RoleIn(id, Roles.Administrator)] }; // as whom they write its first events
            await made.Write(id, command.Code, command.Name, command.NameEn, command.TimeZone, cancellationToken);
            await db.Run(Administrate, new { CommunityId = id, StaffId = caller.Actor.Id, Role = Roles.Administrator, Now = now }, cancellationToken);
            log.Write(id, SubjectKind.Staff, caller.Actor.Id, Happening.RoleGranted, new { role = Roles.Administrator }, visibility: Visibility.Desk);
            if (district is not null)
            {
                await DistrictRoles.Enter(db, log, id, district.DistrictId, now, cancellationToken);
            }

            return new CommunityReply(id, 1);
        }
    }
}
