using FluentValidation;
using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Tests.Rules;

public sealed class PlainTextTests
{
    [TestCase("厨房水龙头漏水", null, TestName = "Chinese_is_plain")]
    [TestCase("𠮷野家 𰻞𰻞面", null, TestName = "Four_byte_Chinese_is_plain")]
    [TestCase("👩‍🔧 is here 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", null, TestName = "Emoji_with_joiners_tags_and_selectors_are_plain")]
    [TestCase("first\nsecond\r\nthird\tcolumn", null, TestName = "Line_breaks_and_tabs_are_plain")]
    [TestCase("שלום مرحبا", null, TestName = "Languages_written_from_right_to_left_are_plain")]
    [TestCase("nul\0", PlainText.ControlCharacter, TestName = "NUL_is_refused")]
    [TestCase("bell\a", PlainText.ControlCharacter, TestName = "A_bell_is_refused")]
    [TestCase("escape\u001b[31m", PlainText.ControlCharacter, TestName = "An_escape_sequence_is_refused")]
    [TestCase("page\fbreak\v", PlainText.ControlCharacter, TestName = "A_form_feed_is_refused")]
    [TestCase("delete\u007f", PlainText.ControlCharacter, TestName = "Delete_is_refused")]
    [TestCase("next line\u0085", PlainText.ControlCharacter, TestName = "A_C1_control_is_refused_also_where_trimming_would_hide_it")]
    [TestCase("photo\u202egnp.exe", PlainText.BidiControl, TestName = "A_right_to_left_override_is_refused")]
    [TestCase("\u2066x\u2069", PlainText.BidiControl, TestName = "An_isolate_is_refused")]
    [TestCase("x\u200e", PlainText.BidiControl, TestName = "A_left_to_right_mark_is_refused")]
    [TestCase("x\u200f", PlainText.BidiControl, TestName = "A_right_to_left_mark_is_refused")]
    [TestCase("x\u061c", PlainText.BidiControl, TestName = "An_Arabic_letter_mark_is_refused")]
    [TestCase("x\ufffe", PlainText.NotACharacter, TestName = "The_reversed_byte_order_mark_is_refused")]
    [TestCase("x\ufdd0", PlainText.NotACharacter, TestName = "A_noncharacter_of_the_basic_plane_is_refused")]
    [TestCase("x\U0010ffff", PlainText.NotACharacter, TestName = "A_noncharacter_of_another_plane_is_refused")]
    [TestCase("", PlainText.Empty, TestName = "Nothing_is_empty")]
    [TestCase(" \u3000\n\t", PlainText.Empty, TestName = "Blanks_are_empty")]
    [TestCase("\u200b\u200d\ufeff", PlainText.Empty, TestName = "Invisible_characters_are_empty")]
    [TestCase("\u3164", PlainText.Empty, TestName = "A_filler_is_empty")]
    public void Says_what_is_wrong(string text, string? fault) => Assert.That(PlainText.Fault(text, 100), Is.EqualTo(fault));

    [Test]
    public void Half_a_surrogate_pair_is_refused_wherever_it_stands()
    {
        foreach (var text in new[] { "\ud83d", "\ude00", "x\ud83dx", "\ude00\ud83d", "x\ud83d" })
        {
            Assert.That(PlainText.Fault(text, 100), Is.EqualTo(PlainText.LoneSurrogate));
        }
    }

    [Test]
    public void Length_counts_code_points_after_normalising()
    {
        var ideographs = string.Concat(Enumerable.Repeat("𠮷", 10));

        Assert.That(PlainText.Fault(ideographs, 10), Is.Null);
        Assert.That(PlainText.Fault(ideographs + "x", 10), Is.EqualTo(PlainText.TooLong));
        Assert.That(PlainText.Fault("  a\r\nb  ", 3), Is.Null);
        Assert.That(PlainText.Fault("e\u0301", 1), Is.Null);
    }

    [Test]
    public void Normalising_composes_trims_and_makes_every_line_break_a_line_feed() =>
        Assert.That(PlainText.Normalise("\ufeff \u3000cafe\u0301\r\none\rtwo\u2028three\u2029 \ufeff"), Is.EqualTo("café\none\ntwo\nthree"));

    [Test]
    public void Normalising_twice_changes_nothing_and_keeps_what_was_without_fault_without_fault() =>
        Prop.ForAll(Typed, text =>
        {
            var once = PlainText.Normalise(text);
            return PlainText.Normalise(once) == once && (PlainText.Fault(text, 20) is not null || PlainText.Fault(once, 20) is null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20260302, 1));

    [Test]
    public void Validators_report_the_code_of_the_rule_and_a_sentence_for_each()
    {
        var validator = new InlineValidator<Note>();
        validator.RuleFor(n => n.Text).PlainText(5);
        validator.RuleFor(n => n.More).OptionalPlainText(5);
        validator.RuleFor(n => n.Phone).PhoneNumber();

        Assert.That(validator.Validate(new Note("ok", null, "13812345678")).IsValid);
        Assert.That(Codes(new Note(null!, null, "13812345678")), Is.EqualTo(new[] { "Text text.empty" }));
        Assert.That(Codes(new Note("123456", "x\0", "138")), Is.EqualTo(new[] { "Text text.too_long", "More text.control_character", "Phone phone.not_a_number" }));
        Assert.That(Codes(new Note("\u202e", " ", "")), Is.EqualTo(new[] { "Text text.bidi_control", "More text.empty", "Phone phone.empty" }));
        Assert.That(Codes(new Note("\ud800", "\uffff", "12345")), Is.EqualTo(new[] { "Text text.lone_surrogate", "More text.not_a_character" }));

        string[] Codes(Note note) => [.. validator.Validate(note).Errors.Select(e => $"{e.PropertyName} {e.ErrorCode}")];
    }

    private sealed record Note(string Text, string? More, string Phone);

    private static Arbitrary<string> Typed { get; } = Gen.Elements(
            "a", "é", "e\u0301", "王", "𠮷", "👩‍🔧", " ", "\u3000", "\r", "\n", "\r\n", "\u2028", "\ufeff", "\u200d", "\u0301", "\ud83d", "\0", "\u0085", "\u202e", "\u0958", "\uac00", "\u11a8")
        .ListOf().Select(string.Concat).ToArbitrary();

    [TestCase("一楼大堂", true)]
    [TestCase(" 一楼大堂\r\n", true)]
    [TestCase("一楼\n大堂", false)]
    [TestCase("一楼\t大堂", false)]
    [TestCase("一楼\u2028大堂", false)]
    [TestCase("一楼\u2029大堂", false)]
    public void A_line_is_one_in_the_form_in_which_it_is_stored(string text, bool isOne)
    {
        var rule = new InlineValidator<Line>();
        rule.RuleFor(l => l.Text).OneLine();

        var codes = rule.Validate(new Line(text)).Errors.Select(e => e.ErrorCode);

        Assert.That(codes, Is.EqualTo(isOne ? [] : new[] { "text.several_lines" }));
    }

    private sealed record Line(string Text);
}
