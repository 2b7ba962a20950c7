using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Faults;

/// <summary>One fault with the requests that are or were joined and the orders that serve them; for crews, without names, and only the requests that are theirs.</summary>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System, Own = Roles.Crews)]
public sealed record GetFault(Guid FaultId) : IQuery<FaultDetails>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<GetFault, FaultDetails>
    {
        private const string Read = """
            select f.community_id, f.fault_id, f.number, f.status, f.title, f.category_id, c.name as category_name, c.name_en as category_name_en, f.place_id, p.name as place_name, p.name_en as place_name_en,
                p.full_code as place_code, f.building_id, f.asset_id, a.name as asset_name, a.name_en as asset_name_en, f.expected_at, f.opened_at, f.opened_by, f.ended_at, f.version
            from fault f
            join category c on c.community_id = f.community_id and c.category_id = f.category_id
            join place p on p.community_id = f.community_id and p.place_id = f.place_id
            left join asset a on a.community_id = f.community_id and a.asset_id = f.asset_id
            where f.fault_id = @FaultId;

            select r.request_id, r.number, r.status, r.description, case when not r.confidential and j.community_id = any (@Whole::uuid[]) then coalesce(cu.name, r.reporter_name) end as customer_name, p.name as place_name, p.name_en as place_name_en,
                r.reported_at, j.joined_at, j.left_at, j.left_how
            from fault_request j
            join request r on r.community_id = j.community_id and r.request_id = j.request_id
            left join customer cu on cu.community_id = r.community_id and cu.customer_id = r.customer_id
            left join place p on p.community_id = r.community_id and p.place_id = r.place_id
            where j.fault_id = @FaultId and j.community_id = any ((select scope_communities())::uuid[])
              and (j.community_id = any (@Whole::uuid[]) or r.registered_by = @Me or exists (
                select
                from request_work_order l
                join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
                join unnest(@OwnCommunities::uuid[], @OwnCrews::text[]) x (community_id, crew) on x.community_id = o.community_id and x.crew = o.crew
                where l.community_id = j.community_id and l.request_id = j.request_id))
            order by j.joined_at, r.number;

            select o.work_order_id, o.number, o.crew, o.team_id, t.name as team_name, t.name_en as team_name_en, o.assignee_id, s.display_name as assignee_name, o.status, o.mandatory, o.waits_for_id,
                o.what_to_do, o.done_what, o.created_at, o.done_at,
                (select count(*)::int from request_work_order l where l.community_id = o.community_id and l.work_order_id = o.work_order_id and l.left_at is null) as requests, o.version
            from work_order o
            left join team t on t.community_id = o.community_id and t.team_id = o.team_id
            left join staff s on s.staff_id = o.assignee_id
            where o.fault_id = @FaultId and o.community_id = any ((select scope_communities())::uuid[])
            order by o.created_at, o.number;
            """;

        public async Task<FaultDetails> Handle(GetFault query, CancellationToken cancellationToken)
        {
            var args = new DynamicParameters(new { query.FaultId });
            CrewsOwn.AddTo(args, caller);
            using var read = await db.Several(Read, args, cancellationToken);
            var fault = await read.ReadSingleOrDefaultAsync<FaultRow>() ?? throw new Refused.NotFound("fault");
            return new FaultDetails(fault, (await read.ReadAsync<FaultRequest>()).AsList(), (await read.ReadAsync<FaultOrder>()).AsList(), FaultMoves.For(caller, fault.CommunityId, fault.Status));
        }
    }
}

public sealed record FaultDetails(FaultRow Fault, IReadOnlyList<FaultRequest> Requests, IReadOnlyList<FaultOrder> WorkOrders, IReadOnlyList<FaultMove> AllowedMoves);

public sealed record FaultRow(
    Guid CommunityId,
    Guid FaultId,
    long Number,
    FaultStatus Status,
    string Title,
    Guid CategoryId,
    string CategoryName,
    string CategoryNameEn,
    Guid PlaceId,
    string PlaceName,
    string? PlaceNameEn,
    string PlaceCode,
    Guid? BuildingId,
    Guid? AssetId,
    string? AssetName,
    string? AssetNameEn,
    DateTimeOffset? ExpectedAt,
    DateTimeOffset OpenedAt,
    Guid OpenedBy,
    DateTimeOffset? EndedAt,
    int Version);

/// <param name="CustomerName">Null where the request is confidential, and for crews.</param>
/// <param name="LeftAt">Null while it is joined.</param>
public sealed record FaultRequest(
    Guid RequestId,
    long Number,
    RequestStatus Status,
    string Description,
    string? CustomerName,
    string? PlaceName,
    string? PlaceNameEn,
    DateTimeOffset ReportedAt,
    DateTimeOffset JoinedAt,
    DateTimeOffset? LeftAt,
    LeftHow? LeftHow);

/// <param name="Requests">How many requests it serves now.</param>
public sealed record FaultOrder(
    Guid WorkOrderId,
    long Number,
    Crew Crew,
    Guid? TeamId,
    string? TeamName,
    string? TeamNameEn,
    Guid? AssigneeId,
    string? AssigneeName,
    WorkOrderStatus Status,
    bool Mandatory,
    Guid? WaitsForId,
    string WhatToDo,
    string? DoneWhat,
    DateTimeOffset CreatedAt,
    DateTimeOffset? DoneAt,
    int Requests,
    int Version);
