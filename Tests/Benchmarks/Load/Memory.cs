using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using PropertyServiceDesk.Api;

namespace PropertyServiceDesk.Load;

/// <summary>The host's managed heap after a load and after ten times that load; the peak of Api's process while files of several sizes come in.</summary>
internal static class Memory
{
    private const int Load = 2_000;
    private const int Uploads = 12;

    public static async Task Run(string connectionString, string apiUrl, int apiPid, IReadOnlyList<Spot> spots)
    {
        await Heap(connectionString, spots);
        await Peak(apiUrl, apiPid, spots[0]);
    }

    /// <summary>A host of its own in this process, so that its heap can be collected before it is read.</summary>
    private static async Task Heap(string connectionString, IReadOnlyList<Spot> spots)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:ServiceDesk"] = connectionString;
        builder.Configuration["Urls"] = "http://127.0.0.1:0";
        await using var host = DeskHost.Build(builder);
        await host.StartAsync();
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using (var http = await Intake.SignedIn(address))
        {
            await Many(http, spots, Load);
            var once = GC.GetTotalMemory(forceFullCollection: true) / 1024.0;
            await Many(http, spots, Load * 9);
            var ten = GC.GetTotalMemory(forceFullCollection: true) / 1024.0;
            Console.WriteLine($"memory: heap after {Load:N0} intakes {once / 1024:F1} MiB, after {Load * 10:N0} {ten / 1024:F1} MiB ({(ten / once) - 1:+0.0%;-0.0%})");
        }

        await host.StopAsync();
    }

    private static async Task Peak(string apiUrl, int apiPid, Spot spot)
    {
        using var http = await Intake.SignedIn(apiUrl);
        var sizes = new[] { 100_000, 2_000_000, 20_000_000 };
        foreach (var size in sizes)
        {
            await Upload(http, await Request(http, spot), size); // warm
        }

        foreach (var size in sizes)
        {
            var request = await Request(http, spot);
            await File.WriteAllTextAsync($"/proc/{apiPid}/clear_refs", "5"); // the peak starts again from what is resident now
            var before = Status(apiPid, "VmRSS");
            for (var i = 0; i < Uploads / 4; i++)
            {
                await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Upload(http, request, size)));
            }

            Console.WriteLine($"memory: peak of Api while {Uploads} files of {size / 1e6:F1} MB came in, four at once: {Status(apiPid, "VmHWM") / 1024:F0} MiB resident ({before / 1024:F0} MiB before)");
        }
    }

    private static async Task<Guid> Request(HttpClient http, Spot spot)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/requests") { Content = JsonContent.Create(Intake.Body(spot)) };
        message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        using var reply = await http.SendAsync(message);
        reply.EnsureSuccessStatusCode();
        return (await reply.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("requestId").GetGuid();
    }

    private static async Task Upload(HttpClient http, Guid requestId, int size)
    {
        using var content = new ByteArrayContent(Picture(size));
        content.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        using var message = new HttpRequestMessage(HttpMethod.Post, $"/api/requests/{requestId}/attachments?purpose=other&visibility=owner&fileName=photo.png") { Content = content };
        message.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        using var reply = await http.SendAsync(message);
        reply.EnsureSuccessStatusCode();
    }

    /// <summary>A PNG by its structure, of about that many bytes.</summary>
    private static byte[] Picture(int size)
    {
        using var file = new MemoryStream(size + 100);
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(file, "IHDR", [0, 0, 16, 0, 0, 0, 16, 0, 8, 2, 0, 0, 0]);
        var noise = new byte[32_768];
        while (file.Length + noise.Length + 64 < size)
        {
            Random.Shared.NextBytes(noise);
            Chunk(file, "IDAT", noise);
        }

        Chunk(file, "IDAT", noise.AsSpan(0, (int)Math.Max(1, size - file.Length - 64)));
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string kind, ReadOnlySpan<byte> content)
    {
        var bytes = new byte[content.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(bytes, content.Length);
        System.Text.Encoding.ASCII.GetBytes(kind, bytes.AsSpan(4));
        content.CopyTo(bytes.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(content.Length + 8), Crc(bytes.AsSpan(4, content.Length + 4)));
        file.Write(bytes);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
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
