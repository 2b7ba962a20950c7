using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PropertyServiceDesk.Domain.Plumbing;

public enum SubjectKind
{
    Request,
    WorkOrder,
    Fault,
    Feedback,
    Customer,
    Staff,
    Community,
    Token,
}

/// <summary>Who may read an event, a note or a photo: the owner and everybody; the crews and the desk; the desk alone.</summary>
public enum Visibility
{
    Owner,
    Crew,
    Desk,
}

/// <summary>
/// What the running command has to tell the log. The pipeline appends it as the transaction's last statement, under the community's
/// head row. Details are ids, enums, numbers and times; words and personal data go into <c>text</c>, which can be erased.
/// </summary>
public sealed class EventLog(Caller caller, TimeProvider clock)
{
    private const string Append = """
        select append_events(@CommunityId, @Now, @SubjectKinds, @SubjectIds, @Whats, @Visibilities, @Details, @OccurredAt,
            @Salts, @Texts, @ActorKind, @ActorId, @Channel, @Device, @DeviceAt)
        """;

    private readonly List<Entry> entries = [];

    /// <summary>The channel of the running command, where it has one of its own.</summary>
    public string? Channel { get; set; }

    /// <exception cref="Refused.Forbidden">The caller's role does not allow the running command in this community.</exception>
    public void Write(
        Guid communityId,
        SubjectKind subjectKind,
        Guid subjectId,
        Happening what,
        object? detail = null,
        string? text = null,
        Visibility visibility = Visibility.Crew,
        DateTimeOffset? occurredAt = null)
    {
        caller.MustBeAllowedIn(communityId);
        entries.Add(new Entry(communityId, subjectKind, subjectId, what, detail is null ? "{}" : JsonSerializer.Serialize(detail, Json.Options), text, visibility, occurredAt));
    }

    /// <summary>Something about the caller's own account: told to the desk wherever they have a role.</summary>
    public void WriteOfOneself(Happening what, object? detail = null)
    {
        foreach (var community in caller.Actor.CommunitiesWith(caller.Allowed))
        {
            Write(community, SubjectKind.Staff, caller.Actor.Id, what, detail, visibility: Visibility.Desk);
        }
    }

    /// <summary>What became of a clock: it stands in the last event of its subject, else in the last one that was written.</summary>
    /// <exception cref="InvalidOperationException">Nothing was written: a clock does not change without an event.</exception>
    internal void Clock(Guid communityId, Guid subjectId, JsonObject story)
    {
        var entry = entries.FindLast(e => e.CommunityId == communityId && e.SubjectId == subjectId)
            ?? entries.FindLast(e => e.CommunityId == communityId)
            ?? throw new InvalidOperationException("A clock changed, and no event says why.");
        if (entry.SubjectId != subjectId)
        {
            story["of"] = subjectId;
        }

        entry.Clocks.Add(story);
    }

    internal void Forget() => entries.Clear();

    /// <param name="sql">What else the transaction ends with, sent together with the last community's events: one round trip.</param>
    internal async Task Flush(Db db, string? sql, object? args, CancellationToken ct)
    {
        var now = clock.Now();
        var logs = entries.GroupBy(e => e.CommunityId).OrderBy(g => g.Key).ToArray();
        if (logs.Length == 0 && sql is not null)
        {
            await db.Run(sql, args, ct);
        }

        foreach (var log in logs)
        {
            var all = log.ToArray();
            var ending = log == logs[^1] && sql is not null;
            var parameters = new DynamicParameters(ending ? args : null);
            parameters.AddDynamicParams(
                new
                {
                    CommunityId = log.Key,
                    Now = now,
                    SubjectKinds = all.Select(e => EnumWord.Of(e.SubjectKind)).ToArray(),
                    SubjectIds = all.Select(e => e.SubjectId).ToArray(),
                    Whats = all.Select(e => EnumWord.Of(e.What)).ToArray(),
                    Visibilities = all.Select(e => EnumWord.Of(e.Visibility)).ToArray(),
                    Details = all.Select(e => e.Whole()).ToArray(),
                    OccurredAt = all.Select(e => (e.OccurredAt ?? now).UtcDateTime).ToArray(),
                    Salts = all.Select(e => e.Text is null ? null : RandomNumberGenerator.GetBytes(16)).ToArray(),
                    Texts = all.Select(e => e.Text).ToArray(),
                    ActorKind = caller.Actor.Kind,
                    ActorId = caller.Actor.Id == Guid.Empty ? (Guid?)null : caller.Actor.Id, // a token has an id, the desk itself none
                    Channel,
                    caller.Device,
                    caller.DeviceAt,
                });
            await db.Run(ending ? Append + ";\n" + sql : Append, parameters, ct);
        }

        entries.Clear();
    }

    /// <summary>The link of the chain after <paramref name="previous"/>: the same bytes as <c>event_hash</c> in the database.</summary>
    internal static byte[] Hash(
        byte[] previous,
        long seq,
        string subjectKind,
        Guid subjectId,
        string what,
        string visibility,
        string detail,
        string actorKind,
        Guid? actorId,
        string? channel,
        string? device,
        DateTimeOffset? deviceAt,
        DateTimeOffset occurredAt,
        DateTimeOffset recordedAt,
        byte[]? textHash)
    {
        string[] fields =
        [
            seq.ToString(CultureInfo.InvariantCulture), subjectKind, subjectId.ToString(), what, visibility, detail, actorKind,
            actorId?.ToString() ?? "", channel ?? "", device ?? "", deviceAt is { } at ? Micros(at) : "", Micros(occurredAt), Micros(recordedAt),
            textHash is null ? "" : Convert.ToHexStringLower(textHash),
        ];
        var bytes = Encoding.UTF8.GetBytes(string.Join('\x1f', fields));
        return SHA256.HashData([.. previous, .. bytes]);
    }

    internal static byte[] TextHash(byte[] salt, string text) => SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(text)]);

    private static string Micros(DateTimeOffset at) =>
        ((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture);

    private sealed record Entry(
        Guid CommunityId, SubjectKind SubjectKind, Guid SubjectId, Happening What, string Detail, string? Text, Visibility Visibility, DateTimeOffset? OccurredAt)
    {
        public JsonArray Clocks { get; } = [];

        public string Whole() => (Clocks.Count, Detail) switch
        {
            (0, _) => Detail,
            (_, "{}") => "{\"clocks\":" + Clocks.ToJsonString(Json.Options) + "}",
            _ => Detail[..^1] + ",\"clocks\":" + Clocks.ToJsonString(Json.Options) + "}",
        };
    }
}
