using MediatR;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Escalations;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Policies;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>What is too much, too little or outside of what can be is refused by its code, at its edge and not before.</summary>
public sealed class LimitsTests : DeskFixture
{
    private Actor Administrator => Here.People["administrator"];

    private static IEnumerable<TestCaseData> Outside()
    {
        static TestCaseData Case(string code, string name, Func<LimitsTests, Task> send) => new TestCaseData(code, send).SetArgDisplayNames(code, name);
        static TestCaseData Sent<T>(string code, string name, Func<LimitsTests, Actor> who, IRequest<T> what) => Case(code, name, t => t.Send(who(t), what));
        var nothing = Guid.CreateVersion7();

        yield return Sent("score.out_of_range", "0", t => t.Here.Clerk, new RecordFeedback(nothing, Solved.Yes, 0, "刘女士"));
        yield return Sent("score.out_of_range", "6", t => t.Here.Clerk, new RecordFeedback(nothing, Solved.Yes, 6, "刘女士"));
        yield return Sent("score.out_of_range", "recommend 6", t => t.Here.Clerk, new RecordFeedback(nothing, Solved.Yes, 5, "刘女士", 6));
        yield return Sent("score.out_of_range", "the owner's 6", t => t.Here.System, new AnswerAsOwner(nothing, Solved.Yes, 6));
        yield return Sent("score.out_of_range", "the owner's recommend 0", t => t.Here.System, new AnswerAsOwner(nothing, Solved.Yes, 5, 0));
        yield return Sent("level.out_of_range", "escalations of 5", t => t.Here.Officer, new ListEscalations(new EscalationFilter(Level: [0, 4, 5])));
        yield return Sent("level.out_of_range", "ladders of -1", t => t.Here.Officer, new ListLadders(new EscalationFilter(Level: [-1])));

        yield return Case("seats.count", "21 of a new colleague", t => t.Send(t.Administrator, new MakeAccount(t.Here.CommunityId, "many", "座位多", [Roles.CrewMember], Seats(21))));
        yield return Case("seats.count", "one twice", t => t.Send(t.Administrator, new SetRoles(t.Here.Lead(Crew.Security).Id, t.Here.CommunityId, [Roles.CrewLead], [.. Seats(1), .. Seats(1)], 1)));
        yield return Case("seats.without_roles", "who leaves", t => t.Send(t.Administrator, new SetRoles(t.Here.Lead(Crew.Security).Id, t.Here.CommunityId, [], Seats(1), 1)));

        yield return Case("event.too_many", "201 policies", t => t.Send(t.Here.Manager, Typhoon(t) with { Policies = [.. Enumerable.Range(0, 201).Select(i => "policy-" + i)] }));
        yield return Case("event.too_many", "21 milestones", t => t.Send(t.Here.Manager, Typhoon(t) with { Kinds = [.. Enumerable.Repeat(ClockKind.Finish, 21)] }));

        yield return Case("calendar.too_many_days", "367 off", t => t.Send(t.Administrator, new ImportHolidays(t.Here.CommunityId, "office", 2027, Days(367))));
        yield return Case("calendar.too_many_days", "367 worked", t => t.Send(t.Administrator, new ImportHolidays(t.Here.CommunityId, "office", 2027, Days(1), Days(367))));

        yield return Case("version.negative", "of words", t => t.Send(t.Here.Manager, Words(t) with { Version = -1 }));
        yield return Case("template.fields", "21 of a gateway's", t => t.Send(t.Here.Manager, Words(t) with { Providers = [new ProviderTemplate(MessageChannel.Sms, "T1", [.. Enumerable.Range(0, 21).Select(i => new ProviderField("f" + i, "x"))])] }));
        yield return Case("template.fields", "one twice", t => t.Send(t.Here.Manager, Words(t) with { Providers = [new ProviderTemplate(MessageChannel.Sms, "T1", [new("f", "x"), new("f", "y")])] }));
        yield return Case("inbound.too_many_headers", "201", t => t.Send(t.Here.System, new TakeInbound(t.Here.CommunityId, InboundChannel.Email, "m1", "owner@example.com", null, "修好了", [.. Enumerable.Range(0, 201).Select(i => new InboundHeader("X-" + i, "y"))])));

        yield return Case("place.code_needed", "a full code of 41", t => t.Send(t.Administrator, new AddPlace(t.Here.CommunityId, PlaceKind.Building, new string('9', 41), "9栋")));
    }

    [TestCaseSource(nameof(Outside))]
    public async Task What_is_outside_is_refused_by_its_code(string code, Func<LimitsTests, Task> send) => Assert.That((await Refusal(() => send(this))).Split(' '), Does.Contain(code));

    [Test]
    public async Task A_full_code_of_forty_characters_is_its_own_short_one()
    {
        var place = await Send(Administrator, new AddPlace(Here.CommunityId, PlaceKind.Building, new string('8', 40), "8栋"));

        Assert.That((await Send(Here.Clerk, new GetPlace(place.PlaceId))).Place.Code, Is.EqualTo(new string('8', 40)));
    }

    [Test]
    public async Task Fifty_files_of_a_request_are_enough()
    {
        var request = (await GivenRequest()).RequestId;
        await Execute(
            """
            insert into attachment (community_id, attachment_id, request_id, purpose, visibility, media_type, file_name, size, sha256, uploaded_at)
            select @CommunityId, gen_random_uuid(), @request, 'before', 'owner', 'image/jpeg', 'a.jpg', 1000, decode(repeat('00', 32), 'hex'), @Now
            from generate_series(1, 49)
            """,
            new { Here.CommunityId, request, Now = Clock.GetUtcNow() });

        await Attach(request);

        Assert.That(await Refusal(() => Attach(request)), Is.EqualTo("attachments.count"));
        Assert.That(await Scalar<long>("select count(*) from attachment where request_id = @request", new { request }), Is.EqualTo(50));
    }

    [Test]
    public async Task Nobody_sits_in_more_than_twenty_teams()
    {
        var member = Here.Member(Crew.Environment).Id; // of one team
        var teams = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            teams.Add(await Send(Here.System, new MakeTeam(Here.CommunityId, Crew.Environment, "组" + i, "Team " + i)));
        }

        foreach (var team in teams[..19])
        {
            await Send(Administrator, new SeatMember(team, member));
        }

        Assert.That(await Refusal(() => Send(Administrator, new SeatMember(teams[19], member))), Is.EqualTo("seats.too_many"));
        Assert.That(await Scalar<long>("select count(*) from team_member where staff_id = @member and to_at is null", new { member }), Is.EqualTo(20));
    }

    private async Task Attach(Guid request)
    {
        await using var upload = await Upload.Receive(new MemoryStream(Attachments.Pictures.Png()), forOwners: false, CancellationToken.None);
        await Send(Here.Clerk, new AttachToRequest(request, new FileLabel(PhotoPurpose.Other, Visibility.Owner, "a.png"), Convert.ToHexStringLower(upload.Sha256), upload));
    }

    private static TeamSeat[] Seats(int count) => [.. Enumerable.Range(1, count).Select(i => new TeamSeat(new Guid(i, 0, 0, new byte[8]), false))];

    private static NamedDay[] Days(int count) => [.. Enumerable.Range(0, count).Select(i => new NamedDay(new DateOnly(2027, 1, 1).AddDays(i), "放假"))];

    private static DeclareEvent Typhoon(LimitsTests t) => new(t.Here.CommunityId, "台风", FakeClock.Start, FakeClock.Start.AddDays(1), 2m);

    private static EditTemplate Words(LimitsTests t) => new(t.Here.CommunityId, "feedbackAsk", "en", "x", "y {link}");
}
