using MediatR;
using PropertyServiceDesk.Domain.Customers;

namespace PropertyServiceDesk.Api.Endpoints;

internal static class CustomersEndpoints
{
    public static void MapCustomers(this IEndpointRouteBuilder api)
    {
        var customers = api.MapGroup("/customers").WithTags("Customers");

        customers.Get<GetCustomer, CustomerDetails>("/{customerId:guid}");
        customers.Get<GetCard, CustomerCard>("/{customerId:guid}/card");
        api.MapGroup("/search").WithTags("Customers").Get<Search, Found>("/");

        customers.MapPost("/", async (RegisterCustomer body, HttpContext http, IMediator desk, CancellationToken ct) =>
        {
            var reply = await desk.Send(body, ct);
            return Resource.Created(http, $"/api/customers/{reply.CustomerId}", reply);
        }).Produces<CustomerReply>(StatusCodes.Status201Created);

        customers.MapPost("/{customerId:guid}/amendment", async (Guid customerId, AmendCustomer body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CustomerId = customerId }, ct))).Produces<CustomerReply>();

        customers.MapPost("/{customerId:guid}/contact-points", async (Guid customerId, AddContactPoint body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/customers/{customerId}", await desk.Send(body with { CustomerId = customerId }, ct))).Produces<ContactPointReply>(StatusCodes.Status201Created);
        customers.MapPost("/{customerId:guid}/contact-points/{contactPointId:guid}/removal", async (Guid customerId, Guid contactPointId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new RemoveContactPoint(customerId, contactPointId), ct))).Produces<CustomerReply>().Sends<RemoveContactPoint>();

        customers.MapPost("/{customerId:guid}/contact-data", async (Guid customerId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new ShowCustomerContact(customerId), ct))).Produces<ContactData>().Sends<ShowCustomerContact>();

        customers.MapPost("/{customerId:guid}/copy", async (Guid customerId, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(new CopyCustomer(customerId), ct))).Produces<CustomerCopy>().Sends<CopyCustomer>();
        customers.MapPost("/{customerId:guid}/erasure", async (Guid customerId, EraseCustomer body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CustomerId = customerId }, ct))).Produces<ErasureReply>();

        customers.MapPost("/{customerId:guid}/occupancies", async (Guid customerId, BeginOccupancy body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Created(http, $"/api/customers/{customerId}", await desk.Send(body with { CustomerId = customerId }, ct))).Produces<OccupancyReply>(StatusCodes.Status201Created);
        customers.MapPost("/{customerId:guid}/occupancies/{occupancyId:guid}/end", async (Guid customerId, Guid occupancyId, EndOccupancy body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CustomerId = customerId, OccupancyId = occupancyId }, ct))).Produces<CustomerReply>();

        customers.MapPost("/{customerId:guid}/feedback-opt-out", async (Guid customerId, OptOutOfFeedback body, HttpContext http, IMediator desk, CancellationToken ct) =>
            Resource.Ok(http, await desk.Send(body with { CustomerId = customerId }, ct))).Produces<CustomerReply>();
    }
}
