using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class ReferenceDataTests
{
    private static readonly (CategorySeed Seed, CategorySeed[] Above)[] Categories = [.. Flat(ReferenceData.Categories, [])];

    [Test]
    public void Every_category_has_a_name_in_both_languages_and_fits_its_column()
    {
        Assert.Multiple(() =>
        {
            foreach (var (seed, _) in Categories)
            {
                Assert.That(PlainText.Fault(seed.Name, 100), Is.Null, seed.Code);
                Assert.That(seed.Name, Does.Match(@"\p{IsCJKUnifiedIdeographs}"), seed.Code);
                Assert.That(PlainText.Fault(seed.NameEn, 100), Is.Null, seed.Code);
                Assert.That(seed.NameEn, Does.Match("^[A-Z][a-zA-Z',. ]+$"), seed.Code);
                Assert.That(seed.Code, Does.Match("^[a-z]+(-[a-z]+)*([.][a-z]+)?$").And.Length.LessThanOrEqualTo(60), seed.Code);
            }
        });
    }

    [Test]
    public void Codes_are_unique_within_their_kind_and_so_are_names_among_siblings()
    {
        Assert.That(Categories.GroupBy(c => (c.Seed.Kind, c.Seed.Code)).Where(g => g.Count() > 1).Select(g => g.Key), Is.Empty);
        Assert.That(Categories.GroupBy(c => (c.Seed.Kind, c.Above.LastOrDefault()?.Code, c.Seed.Name)).Where(g => g.Count() > 1).Select(g => g.Key), Is.Empty);
        Assert.That(Categories.GroupBy(c => (c.Seed.Kind, c.Above.LastOrDefault()?.Code, c.Seed.NameEn)).Where(g => g.Count() > 1).Select(g => g.Key), Is.Empty);
    }

    [Test]
    public void Every_category_names_the_crew_it_goes_to()
    {
        Assert.That(Categories.Where(c => c.Seed.Crew is null).Select(c => c.Seed.Code), Is.Empty);
        Assert.That(Categories.Where(c => c.Seed.Kind == RequestKind.Repair).Select(c => c.Seed.Crew).Distinct(), Is.EquivalentTo(Enum.GetValues<Crew>().Cast<Crew?>()));
    }

    [Test]
    public void What_is_below_a_category_is_of_its_kind_and_below_a_common_area_is_common_or_a_danger()
    {
        Assert.That(Categories.Where(c => c.Above.Any(a => a.Kind != c.Seed.Kind)).Select(c => c.Seed.Code), Is.Empty);
        Assert.That(
            Categories.Where(c => c.Above.Any(a => a.Code == "common-area") && c.Seed is not ({ CommonArea: true } or { Priority: Priority.Danger })).Select(c => c.Seed.Code), Is.Empty);
    }

    [Test]
    public void Dangers_are_looked_after_as_dangers_and_never_wait_for_a_payer()
    {
        var dangers = Categories.Where(c => c.Seed.Priority == Priority.Danger).Select(c => c.Seed).ToArray();

        Assert.That(dangers.Select(d => d.Code), Is.SupersetOf(new[] { "lift.trapped", "gas.leak", "fire.fire", "power.sparks" }));
        Assert.That(dangers.Where(d => d.Payer == Payer.Owner || d.DemandsPhotos is { Count: > 0 }).Select(d => d.Code), Is.Empty);
    }

    [TestCase(RequestKind.Repair, 60)]
    [TestCase(RequestKind.Complaint, 3)]
    [TestCase(RequestKind.Inquiry, 3)]
    [TestCase(RequestKind.Suggestion, 3)]
    [TestCase(RequestKind.Praise, 3)]
    public void Every_kind_has_enough_to_choose_from(RequestKind kind, int atLeast)
    {
        Assert.That(Categories.Count(c => c.Seed.Kind == kind), Is.GreaterThanOrEqualTo(atLeast));
    }

    [Test]
    public void Every_category_that_a_policy_names_is_there_and_every_category_finds_a_policy()
    {
        var named = Reference.Profile.Policies.Select(p => p.Scope.Category).OfType<string>();

        Assert.That(named, Is.SubsetOf(Categories.Select(c => c.Seed.Code)).And.Not.Empty);
        Assert.That(
            Categories.Select(c => SlaPolicy.Choose(Reference.Profile.Policies, new SlaSubject(c.Seed.Kind, c.Seed.Priority, [c.Seed.Code, .. c.Above.Reverse().Select(a => a.Code)], c.Seed.Crew)).Code).Distinct(),
            Is.EquivalentTo(Reference.Profile.Policies.Select(p => p.Code).Except(["default"])));
    }

    private static IEnumerable<(CategorySeed Seed, CategorySeed[] Above)> Flat(IEnumerable<CategorySeed> seeds, CategorySeed[] above) =>
        seeds.SelectMany(s => Flat(s.Children ?? [], [.. above, s]).Prepend((s, above)));
}
