using MediatR;
using PropertyServiceDesk.Domain.Communities;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class DistrictsEndpoints
{
    public static void MapDistricts(this IEndpointRouteBuilder api)
    {
        api.MapGroup("/districts").WithTags("Communities").Get<ListDistricts, IReadOnlyList<DistrictLine>>("/");

        var roles = api.MapGroup("/districts/{district}/roles").WithTags("Communities");

        roles.MapPost("/", async (string district, GrantDistrictRole body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { District = district }, ct))).Produces<DistrictRoleReply>();

        roles.MapPost("/removal", async (string district, RevokeDistrictRole body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { District = district }, ct))).Produces<DistrictRoleReply>();
    }
}
