using System.Buffers.Text;

namespace PropertyServiceDesk.Domain.Attachments;

/// <summary>The frame of a PDF file (ISO 32000): header at the first byte, <c>startxref</c> that points at a table, <c>%%EOF</c> at the end.</summary>
internal static class Pdf
{
    private const int Tail = 1024;

    public static async Task<bool> Is(ByteReader reader)
    {
        reader.Position = 0;
        var head = (await reader.Take(8)).Span;
        if (!head.StartsWith("%PDF-"u8) || head[5] is not ((byte)'1' or (byte)'2') || head[6] != '.' || !char.IsAsciiDigit((char)head[7]))
        {
            return false;
        }

        reader.Position = Math.Max(0, reader.Length - Tail);
        var tail = (await reader.Take((int)(reader.Length - reader.Position))).ToArray().AsSpan().TrimEnd("\0\t\n\f\r "u8);
        if (!tail.EndsWith("%%EOF"u8) || tail.LastIndexOf("startxref"u8) is not (>= 0 and var start))
        {
            return false;
        }

        var place = tail[(start + 9)..^5].Trim("\0\t\n\f\r "u8);
        if (!Utf8Parser.TryParse(place, out long table, out var read) || read != place.Length || table < 8 || table > reader.Length - 8)
        {
            return false;
        }

        reader.Position = table;
        var there = (await reader.Take(8)).Span;
        return there.TrimStart("\0\t\n\f\r "u8).StartsWith("xref"u8) || char.IsAsciiDigit((char)there[0]);
    }
}
