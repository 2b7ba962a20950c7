using Bogus;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Demo;

/// <summary>A place on the demo's staff list.</summary>
/// <param name="Account">The sign-in name in the first community; elsewhere the community's code follows it.</param>
/// <param name="Shared">The same person in all communities of the first one's company.</param>
/// <param name="Shown">Printed as one of the accounts to try.</param>
/// <param name="Night">Works from 20:00 to 08:30.</param>
internal sealed record DemoPost(string Account, Roles Role, Crew? Crew = null, bool Shared = false, bool Shown = false, bool Night = false)
{
    public static IReadOnlyList<DemoPost> All { get; } =
    [
        new("clerk", Roles.Clerk, Shared: true, Shown: true),
        new("clerk.2", Roles.Clerk),
        new("clerk.night", Roles.Clerk, Night: true),
        new("officer", Roles.CustomerOfficer, Shared: true, Shown: true),
        new("manager", Roles.Manager, Shared: true, Shown: true),
        new("admin", Roles.Administrator, Shared: true, Shown: true),
        new("lead.engineering", Roles.CrewLead, Domain.Rules.Crew.Engineering, Shown: true),
        new("crew.engineering", Roles.CrewMember, Domain.Rules.Crew.Engineering, Shown: true),
        new("crew.engineering.2", Roles.CrewMember, Domain.Rules.Crew.Engineering),
        new("crew.engineering.3", Roles.CrewMember, Domain.Rules.Crew.Engineering),
        new("crew.engineering.night", Roles.CrewMember, Domain.Rules.Crew.Engineering, Night: true),
        new("lead.environment", Roles.CrewLead, Domain.Rules.Crew.Environment, Shown: true),
        new("crew.environment", Roles.CrewMember, Domain.Rules.Crew.Environment, Shown: true),
        new("crew.environment.2", Roles.CrewMember, Domain.Rules.Crew.Environment),
        new("lead.security", Roles.CrewLead, Domain.Rules.Crew.Security, Shown: true),
        new("crew.security", Roles.CrewMember, Domain.Rules.Crew.Security, Shown: true),
        new("crew.security.2", Roles.CrewMember, Domain.Rules.Crew.Security),
        new("crew.security.night", Roles.CrewMember, Domain.Rules.Crew.Security, Night: true),
        new("lead.administration", Roles.CrewLead, Domain.Rules.Crew.Administration, Shown: true),
        new("crew.administration", Roles.CrewMember, Domain.Rules.Crew.Administration, Shown: true),
    ];
}

/// <summary>Names and telephone numbers that could be somebody's and are nobody's.</summary>
internal sealed class DemoNames(int seed, bool english)
{
    private readonly Faker faker = new(english ? "en" : "zh_CN") { Random = new Randomizer(seed) };
    private int numbers;

    public Randomizer Random => faker.Random;

    public string Name() => english ? faker.Name.FirstName() + " " + faker.Name.LastName() : faker.Name.LastName() + faker.Name.FirstName();

    /// <summary>The same family name where the language shows it.</summary>
    public string Relative(string of) => english ? faker.Name.FirstName() + " " + of[(of.LastIndexOf(' ') + 1)..] : of[..1] + faker.Name.FirstName();

    /// <summary>English ones are of the range that is kept free for films; there is no such range in China, so one block of 1990000 is used.</summary>
    public string Phone()
    {
        numbers += faker.Random.Int(1, 7);
        return english ? $"+44 7700 900{numbers % 1000:000}" : $"1990{seed % 10}{faker.Random.Int(10, 99)}{numbers % 10000:0000}";
    }
}
