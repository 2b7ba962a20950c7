using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace PropertyServiceDesk.Api.Owner;

/// <summary>
/// HTML that is safe to send. It is made of interpolated strings only: what stands in the string itself is ours, what is put into it is
/// encoded, unless it is markup already. There is no way to put in a text as it is.
/// </summary>
internal readonly record struct Markup
{
    private readonly string? html;

    private Markup(string html) => this.html = html;

    public static Markup None => default;

    public static Markup Of(Maker maker) => new(maker.ToString());

    /// <summary>All of them, one after the other.</summary>
    public static Markup Each<T>(IEnumerable<T> items, Func<T, Markup> markup) => new(string.Concat(items.Select(i => markup(i).html)));

    public static Markup If(bool condition, Maker maker) => condition ? new(maker.ToString()) : None;

    public override string ToString() => html ?? "";

    [InterpolatedStringHandler]
    public readonly ref struct Maker
    {
        private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

        private readonly StringBuilder text;

        public Maker(int literalLength, int formattedCount) => text = new StringBuilder(literalLength + (formattedCount * 32));

        public void AppendLiteral(string value) => text.Append(value);

        public void AppendFormatted(Markup value) => text.Append(value.html);

        public void AppendFormatted(string? value) => text.Append(value is null ? "" : Encoder.Encode(value));

        public void AppendFormatted<T>(T value)
            where T : struct, IFormattable => AppendFormatted(value.ToString(null, CultureInfo.InvariantCulture));

        public override string ToString() => text.ToString();
    }
}
