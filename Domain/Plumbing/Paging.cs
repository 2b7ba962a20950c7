using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>One page of a list. <paramref name="Next"/> is what to pass as <c>after</c> for the following page; null on the last one.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Where a page ended: every sort value and the id, so that rows with equal values are neither lost nor shown twice.</summary>
public static class Cursor
{
    public const int Most = 200;

    /// <summary>Fetch one row more than asked for; the cursor of the last one shown tells where to go on.</summary>
    /// <param name="sort">Of a list that can be sorted in several ways, which: the cursor goes on in no other.</param>
    public static Page<T> Page<T>(IReadOnlyList<T> rows, int take, Func<T, object?[]> key, string? sort = null) =>
        rows.Count <= take ? new Page<T>(rows, null) : new Page<T>([.. rows.Take(take)], Encode([.. key(rows[take - 1]), .. sort is null ? Array.Empty<object?>() : [sort]]));

    public static string Encode(object?[] key) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(key, Json.Options));

    /// <summary>The sort values of the <paramref name="cursor"/> of a list that is sorted by a text.</summary>
    /// <exception cref="Refused.Invalid">It is not a cursor of this list and sort.</exception>
    public static (string Text, Guid Id) TextAndId(string cursor)
    {
        try
        {
            var parts = JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(cursor), Json.Options);
            if (parts is [var text, var id] && id.TryGetGuid(out var guid) && text.GetString() is { } word && !word.Contains('\0', StringComparison.Ordinal))
            {
                return (word, guid);
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or DecoderFallbackException)
        {
            // falls through: whatever is wrong with it, it is not one of ours
        }

        throw new Refused.Invalid("cursor.invalid", "This is not where a page of this list ended.", "after");
    }

    /// <summary>The sort values of <paramref name="cursor"/>.</summary>
    /// <param name="sort">As it was given when the cursor was made.</param>
    /// <exception cref="Refused.Invalid">It is not a cursor of this list and sort.</exception>
    public static (DateTimeOffset? At, Guid Id) AtAndId(string cursor, string? sort = null)
    {
        try
        {
            var parts = JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(cursor), Json.Options);
            if (parts is [var at, var id, .. var rest] && id.TryGetGuid(out var guid) && (sort is null ? rest.Length == 0 : rest is [var how] && how.GetString() == sort))
            {
                return at.ValueKind == JsonValueKind.Null ? (null, guid) : (Instants.Parse(at.GetString()!)!.Value, guid);
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or DecoderFallbackException)
        {
            // falls through: whatever is wrong with it, it is not one of ours
        }

        throw new Refused.Invalid("cursor.invalid", "This is not where a page of this list ended.", "after");
    }
}
