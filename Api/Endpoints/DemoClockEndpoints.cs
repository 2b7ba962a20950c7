using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Endpoints;

/// <summary>Moves the time of a demo: forward to an instant, or by so many seconds.</summary>
internal sealed record MoveClock(DateTimeOffset? To = null, int BySeconds = 0);

internal sealed record ClockNow(DateTimeOffset Now);

/// <summary>Not part of the product: only where the host was started with a settable clock, and therefore in no document. Nobody needs to be signed in: moving it by a day ends every session.</summary>
internal static class DemoClockEndpoints
{
    private const int FarthestInSeconds = 366 * 24 * 60 * 60;

    public static void MapDemoClock(this IEndpointRouteBuilder api)
    {
        var clock = api.MapGroup("/demo/clock").AllowAnonymous().ExcludeFromDescription();

        clock.MapGet("/", (DeskClock time) => new ClockNow(time.Now()));

        clock.MapPost("/", async (MoveClock body, DeskClock time, CancellationToken ct) =>
            body.BySeconds is < 0 or > FarthestInSeconds || body.To > time.GetUtcNow().AddSeconds(FarthestInSeconds)
                ? throw new Refused.Invalid("clock.too_far", "Move the clock forward by a year at most.")
                : new ClockNow(await time.MoveForward(body.To, TimeSpan.FromSeconds(body.BySeconds), ct)));
    }
}
