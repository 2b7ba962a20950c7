using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>
/// The desk opens a fault: something that concerns many. From a request it takes over what is left out here, joins the request, and the
/// request's open orders become the fault's, so that they serve everybody who is joined later.
/// </summary>
/// <param name="Title">1–200 characters; every joined person reads it.</param>
/// <param name="PlaceId">Where it is; the asset's place where it is left out. Of a confidential request a home is not taken over: name the place.</param>
/// <param name="ExpectedAt">When it should be over: in the future, within a year.</param>
/// <param name="RequestId">The request that it is opened from.</param>
[AllowedTo(Roles.Desk)]
public sealed record OpenFault(
    Guid CommunityId, string Title, Guid? CategoryId = null, Guid? PlaceId = null, Guid? AssetId = null, DateTimeOffset? ExpectedAt = null, Guid? RequestId = null) : ICommand<FaultReply>
{
    public sealed class Validator : AbstractValidator<OpenFault>
    {
        public Validator()
        {
            RuleFor(c => c.Title).PlainText(200);
            RuleFor(c => c.CategoryId).NotNull().When(c => c.RequestId is null).WithErrorCode("fault.needs_a_category").WithMessage("Name the category, or the request that it is opened from.");
            RuleFor(c => c.PlaceId).NotNull().When(c => c.RequestId is null && c.AssetId is null).WithErrorCode("fault.nowhere").WithMessage("Name a place or an asset, or the request that it is opened from.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log, FaultJoiner joiner) : IRequestHandler<OpenFault, FaultReply>
    {
        private const string Insert = """
            insert into fault (community_id, fault_id, number, title, category_id, place_id, building_id, asset_id, expected_at, opened_at, opened_by)
            select @CommunityId, @FaultId, @Number, @Title, @CategoryId, p.place_id, p.building_id, @AssetId, @ExpectedAt, @Now, @By
            from place p
            where p.community_id = @CommunityId and p.place_id = @PlaceId
            """;

        private const string OwnOrders = """
            select o.work_order_id
            from work_order o
            where o.community_id = @CommunityId and o.fault_id is null and o.status not in ('done', 'voided')
              and o.work_order_id in (select l.work_order_id from request_work_order l where l.community_id = @CommunityId and l.request_id = @RequestId and l.left_at is null)
            order by o.work_order_id
            for no key update of o
            """;

        private const string Adopt = """
            update work_order
            set fault_id = @FaultId, version = version + 1
            where community_id = @CommunityId and work_order_id = any (@WorkOrderIds)
            """;

        public async Task<FaultReply> Handle(OpenFault command, CancellationToken cancellationToken)
        {
            var request = command.RequestId is { } from ? await LockedRequest.Of(db, from, cancellationToken) : null;
            if (request is not null && request.CommunityId != command.CommunityId)
            {
                throw new Refused.NotFound("request");
            }

            var where = await FaultWhere.Of(
                db, command.CommunityId, command.CategoryId ?? request!.CategoryId, command.PlaceId ?? (command.AssetId is null ? request?.PlaceId : null), command.AssetId ?? (command.PlaceId is null ? request?.AssetId : null), cancellationToken);
            caller.MustBeAllowedIn(command.CommunityId);
            if (request is { Confidential: true } && command.PlaceId is null && command.AssetId is null && where.IsSomebodys)
            {
                throw new Refused.Invalid("fault.nowhere", "The request is confidential: name the place, which everybody who is joined will see.", "placeId");
            }

            var now = clock.Now();
            ExpectedTime.Check(command.ExpectedAt, now);

            var id = Guid.CreateVersion7(now);
            var number = SpokenNumber.Of(await db.Single<long>("select nextval('spoken_number')", null, cancellationToken));
            await db.Run(
                Insert,
                new { command.CommunityId, FaultId = id, Number = number, command.Title, where.CategoryId, where.PlaceId, where.AssetId, command.ExpectedAt, Now = now, By = caller.Actor.Id },
                cancellationToken);
            IReadOnlyList<Guid> orders = [];
            if (request is not null)
            {
                orders = await db.List<Guid>(OwnOrders, new { command.CommunityId, request.RequestId }, cancellationToken);
                await db.Run(Adopt, new { command.CommunityId, FaultId = id, WorkOrderIds = orders.ToArray() }, cancellationToken);
            }

            log.Write(
                command.CommunityId,
                SubjectKind.Fault,
                id,
                Happening.FaultOpened,
                new { number, where.CategoryId, where.PlaceId, where.AssetId, command.ExpectedAt, command.RequestId, workOrderIds = orders },
                command.Title,
                Visibility.Owner,
                now);
            if (request is not null)
            {
                await joiner.Join(request, await LockedFault.Of(db, id, cancellationToken), now, cancellationToken);
            }

            return FaultReply.Of(caller, command.CommunityId, id, number, FaultStatus.Open, 1);
        }
    }
}

/// <summary>What and where a fault is; all of it in its community.</summary>
internal sealed record FaultWhere(Guid CategoryId, Guid PlaceId, Guid? AssetId, PlaceKind PlaceKind)
{
    /// <summary>A place that tells who.</summary>
    public bool IsSomebodys => PlaceKind is PlaceKind.Home or PlaceKind.Shop or PlaceKind.ParkingSpace;

    private const string Read = """
        select c.category_id, c.retired_at as category_retired_at, coalesce(p.place_id, ap.place_id) as place_id, a.asset_id, coalesce(p.kind, ap.kind) as place_kind
        from community m
        left join category c on c.community_id = m.community_id and c.category_id = @CategoryId
        left join asset a on a.community_id = m.community_id and a.asset_id = @AssetId
        left join place ap on ap.community_id = m.community_id and ap.place_id = a.place_id
        left join place p on p.community_id = m.community_id and p.place_id = @PlaceId and p.retired_at is null
        where m.community_id = @CommunityId
        """;

    private sealed record Row(Guid? CategoryId, DateTimeOffset? CategoryRetiredAt, Guid? PlaceId, Guid? AssetId, PlaceKind? PlaceKind);

    public static async Task<FaultWhere> Of(Db db, Guid communityId, Guid categoryId, Guid? placeId, Guid? assetId, CancellationToken ct)
    {
        var row = await db.Find<Row>(Read, new { CommunityId = communityId, CategoryId = categoryId, PlaceId = placeId, AssetId = assetId }, ct) ?? throw new Refused.NotFound("community");
        if (row.CategoryId is null || row.CategoryRetiredAt is not null)
        {
            throw new Refused.Invalid("category.unknown", "There is no such category in this community.", "categoryId");
        }

        if (assetId is not null && row.AssetId is null)
        {
            throw new Refused.Invalid("asset.unknown", "There is no such asset in this community.", "assetId");
        }

        if (row.PlaceId is not { } place || (placeId is not null && place != placeId))
        {
            throw placeId is null
                ? new Refused.Invalid("fault.nowhere", "Name a place or an asset: the request has none.", "placeId")
                : new Refused.Invalid("place.unknown", "There is no such place in this community.", "placeId");
        }

        return new FaultWhere(row.CategoryId.Value, place, row.AssetId, row.PlaceKind!.Value);
    }
}

internal static class ExpectedTime
{
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(366);

    public static void Check(DateTimeOffset? expectedAt, DateTimeOffset now)
    {
        if (expectedAt <= now || expectedAt > now + FarthestAhead)
        {
            throw new Refused.Invalid("expected_at.out_of_range", "The expected time lies in the future, within a year.", "expectedAt");
        }
    }
}
