using FluentValidation;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>The desk puts right what a fault is called, what it is and where. What is left out stays. Requests and orders stay as they are.</summary>
/// <param name="PlaceId">Without <paramref name="AssetId"/>, the fault is no asset's any more.</param>
[AllowedTo(Roles.Desk)]
public sealed record AmendFault(
    [property: JsonIgnore] Guid FaultId, string? Title = null, Guid? CategoryId = null, Guid? PlaceId = null, Guid? AssetId = null, int? Version = null) : ICommand<FaultReply>
{
    public sealed class Validator : AbstractValidator<AmendFault>
    {
        public Validator()
        {
            RuleFor(c => c.Title).OptionalPlainText(200);
            RuleFor(c => c.Title)
                .Must((c, _) => c.Title is not null || c.CategoryId is not null || c.PlaceId is not null || c.AssetId is not null)
                .WithErrorCode("fault.nothing_to_change")
                .WithMessage("Say what to change.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<AmendFault, FaultReply>
    {
        private const string Write = """
            update fault f
            set status = @To, title = coalesce(@Title, f.title), category_id = @CategoryId, place_id = p.place_id, building_id = p.building_id, asset_id = @AssetId, version = f.version + 1
            from place p
            where f.fault_id = @FaultId and p.community_id = f.community_id and p.place_id = @PlaceId
            """;

        public async Task<FaultReply> Handle(AmendFault command, CancellationToken cancellationToken)
        {
            var fault = await LockedFault.Of(db, command.FaultId, cancellationToken);
            caller.MustBeAllowedIn(fault.CommunityId);
            caller.MustKnowVersion("fault", fault.Version, command.Version);
            var to = FaultLifecycle.After(fault.Status, FaultMove.Amend);
            var moved = command.PlaceId is not null || command.AssetId is not null;
            var where = await FaultWhere.Of(
                db, fault.CommunityId, command.CategoryId ?? fault.CategoryId, moved ? command.PlaceId : fault.PlaceId, moved ? command.AssetId : fault.AssetId, cancellationToken);
            var title = command.Title;
            await db.Run(Write, new { fault.FaultId, To = to, Title = title, where.CategoryId, where.PlaceId, where.AssetId }, cancellationToken);
            log.Write(
                fault.CommunityId,
                SubjectKind.Fault,
                fault.FaultId,
                Happening.FaultAmended,
                new { where.CategoryId, where.PlaceId, where.AssetId, before = new { fault.CategoryId, fault.PlaceId, fault.AssetId } },
                title,
                Visibility.Owner,
                clock.Now());
            return fault.Moved(to);
        }
    }
}

/// <summary>When the fault should be over, or null where nobody can say any more. Every joined person is told, once a change.</summary>
/// <param name="ExpectedAt">In the future, within a year.</param>
[AllowedTo(Roles.Desk)]
public sealed record SetExpectedTime([property: JsonIgnore] Guid FaultId, DateTimeOffset? ExpectedAt, int? Version = null) : ICommand<FaultReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, FaultPeople people) : IRequestHandler<SetExpectedTime, FaultReply>
    {
        private const string Write = """
            update fault
            set status = @To, expected_at = @ExpectedAt, version = version + 1
            where fault_id = @FaultId
            """;

        public async Task<FaultReply> Handle(SetExpectedTime command, CancellationToken cancellationToken)
        {
            var fault = await LockedFault.Of(db, command.FaultId, cancellationToken);
            caller.MustBeAllowedIn(fault.CommunityId);
            caller.MustKnowVersion("fault", fault.Version, command.Version);
            var to = FaultLifecycle.After(fault.Status, FaultMove.Expect);
            var now = clock.Now();
            ExpectedTime.Check(command.ExpectedAt, now);
            if (command.ExpectedAt == fault.ExpectedAt)
            {
                throw new Refused.Conflict("fault.expected_already", "This is the expected time already: nobody needs to be told again.");
            }

            await db.Run(Write, new { fault.FaultId, To = to, command.ExpectedAt }, cancellationToken);
            log.Write(fault.CommunityId, SubjectKind.Fault, fault.FaultId, Happening.FaultExpected, new { command.ExpectedAt, before = fault.ExpectedAt }, visibility: Visibility.Owner, occurredAt: now);
            await people.Tell(fault.CommunityId, fault.FaultId, $"expected:{fault.Version + 1}", "faultExpected", command.ExpectedAt, null, now, cancellationToken);
            return fault.Moved(to);
        }
    }
}
