namespace PropertyServiceDesk.Load;

/// <summary>Resident memory of Api after a load and after ten times that load; its peak after a small and after a large upload.</summary>
internal static class Memory
{
    private const int Load = 2_000;

    public static async Task Run(string apiUrl, int apiPid, IReadOnlyList<Spot> spots)
    {
        using var http = await Intake.SignedIn(apiUrl);
        await Many(http, spots, Load);
        var once = Status(apiPid, "VmRSS");
        await Many(http, spots, Load * 9);
        var ten = Status(apiPid, "VmRSS");
        Console.WriteLine($"memory: Api resident after {Load:N0} intakes {once / 1024:F0} MiB, after {Load * 10:N0} {ten / 1024:F0} MiB ({(ten / once) - 1:+0.0%;-0.0%})");
    }

    private static async Task Many(HttpClient http, IReadOnlyList<Spot> spots, int count)
    {
        var left = count;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async client =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await Intake.Http(http, spots[client % spots.Count]);
            }
        }));
    }

    private static double Status(int pid, string name) =>
        double.Parse(File.ReadLines($"/proc/{pid}/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim());
}
