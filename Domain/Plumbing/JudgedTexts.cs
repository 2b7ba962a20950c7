using System.Reflection;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// A text is judged in the form in which it is stored (<see cref="Rules.PlainText.Normalise"/>), and a command without fault has its texts
/// in that form before its handler sees it: what was judged is what is stored, compared and searched for. Passwords, secrets and whatever
/// else no rule judges as a plain text stay to the letter as they came.
/// </summary>
internal sealed class JudgedTexts
{
    private const string Key = nameof(JudgedTexts);

    private readonly List<(object Of, string Place, string Text)> otherwise = [];

    /// <summary>Texts that this validation judges are kept here.</summary>
    public void Of<T>(ValidationContext<T> context) => context.RootContextData[Key] = this;

    /// <summary>Remembers the text at hand, where its form is another than the typed one.</summary>
    public static void Keep<T>(ValidationContext<T> context, string typed)
    {
        if (context.RootContextData.TryGetValue(Key, out var kept) && Rules.PlainText.Normalise(typed) is var text && !string.Equals(text, typed, StringComparison.Ordinal))
        {
            var path = context.PropertyPath;
            ((JudgedTexts)kept).otherwise.Add((context.InstanceToValidate!, path[(path.LastIndexOf('.') + 1)..], text));
        }
    }

    /// <summary>Puts each in its place.</summary>
    public void Put()
    {
        foreach (var (of, place, text) in otherwise)
        {
            var bracket = place.IndexOf('[', StringComparison.Ordinal);
            var property = of.GetType().GetProperty(bracket < 0 ? place : place[..bracket], BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                ?? throw new InvalidOperationException($"{of.GetType()} has no property {place}: a text is judged under its own name.");
            property.SetValue(of, bracket < 0 ? text : With((IEnumerable<string>)property.GetValue(of)!, int.Parse(place.AsSpan(bracket + 1, place.Length - bracket - 2), System.Globalization.CultureInfo.InvariantCulture), text));
        }
    }

    private static string[] With(IEnumerable<string> texts, int index, string text)
    {
        var all = texts.ToArray();
        all[index] = text;
        return all;
    }
}
