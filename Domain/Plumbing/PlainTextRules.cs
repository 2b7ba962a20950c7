using FluentValidation;
using FluentValidation.Results;
using FluentValidation.Validators;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Tells how long a text may be to whoever looks at a validator, for example to write the API down.</summary>
public interface IPlainTextRule
{
    int Max { get; }
}

/// <summary>The rules for typed texts and telephone numbers, as validators say them: the failure carries the rule's own stable code.</summary>
public static class PlainTextRules
{
    /// <summary>A text must be there and be plain, of at most <paramref name="max"/> code points. Null and blank are <c>text.empty</c>.</summary>
    public static IRuleBuilderOptions<T, string?> PlainText<T>(this IRuleBuilder<T, string?> rule, int max) => rule.SetValidator(new Rule<T>(max, text => Rules.PlainText.Fault(text ?? "", max)));

    /// <summary>A text may be left out (null); if it is there, it is plain. Blank is <c>text.empty</c>: leave it out instead.</summary>
    public static IRuleBuilderOptions<T, string?> OptionalPlainText<T>(this IRuleBuilder<T, string?> rule, int max) => rule.SetValidator(new Rule<T>(max, text => text is null ? null : Rules.PlainText.Fault(text, max)));

    /// <summary>A telephone number must be there and be one. Null and blank are <c>phone.empty</c>.</summary>
    public static IRuleBuilderOptions<T, string?> PhoneNumber<T>(this IRuleBuilder<T, string?> rule) =>
        rule.SetValidator(new Rule<T>(Rules.PhoneNumber.MaxTyped, text => Rules.PhoneNumber.Fault(text ?? "")));

    /// <summary>A name or a code is one line, where it is there: what is shown in lists and read from doors. Its other rules are those of a plain text.</summary>
    public static IRuleBuilderOptions<T, string?> OneLine<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(text => text is null || !Rules.PlainText.Normalise(text).AsSpan().ContainsAny('\n', '\t')).WithErrorCode("text.several_lines").WithMessage("This is one line: no line break and no tab.");

    private sealed class Rule<T>(int max, Func<string?, string?> fault) : PropertyValidator<T, string?>, IPlainTextRule
    {
        public override string Name => nameof(PlainText);

        public int Max => max;

        /// <summary>The failure is added here, with the code of what is wrong with the text.</summary>
        public override bool IsValid(ValidationContext<T> context, string? value)
        {
            if (fault(value) is { } code)
            {
                Add(context, code, max);
            }
            else if (value is not null)
            {
                JudgedTexts.Keep(context, value);
            }

            return true;
        }
    }

    private static void Add<T>(ValidationContext<T> context, string code, int max) =>
        context.AddFailure(new ValidationFailure(context.PropertyPath, Sentence(code, max)) { ErrorCode = code });

    internal static string Sentence(string code, int max) => code switch
    {
        Rules.PlainText.Empty => "Please write something here.",
        Rules.PlainText.TooLong => $"This text is too long: at most {max} characters.",
        Rules.PlainText.ControlCharacter => "This text has a control character in it. Only line breaks and tabs are allowed.",
        Rules.PlainText.BidiControl => "This text has an invisible mark in it that changes the direction of writing. Please type it again without.",
        Rules.PlainText.LoneSurrogate => "This text is damaged: half of a character is missing.",
        Rules.PlainText.NotACharacter => "This text has a code in it that is no character.",
        Rules.PhoneNumber.Empty => "Please give a telephone number.",
        Rules.PhoneNumber.NotANumber => "This is not a telephone number. Give a mobile number, a landline number with or without area code, or + and the country code.",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "No sentence for this code."),
    };
}
