using NUnit.Framework;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Voices;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

/// <summary>"You said, we did": written from finished requests, approved by a manager, and nobody's personal data.</summary>
public sealed class VoiceTests : DeskFixture
{
    private const string Asked = "希望一楼大堂的门晚上也能刷卡进出";
    private const string Done = "十月更换了门禁控制器，现在全天可以刷卡";

    private static ProposeVoice Pair(Guid request, string asked = Asked, string done = Done) => new(request, asked, done);

    private async Task<Guid> GivenFinished(string text = "厨房水管漏水", RequestKind kind = RequestKind.Repair, string category = "water")
    {
        var request = (await GivenRequest(kind: kind, category: category, text: text)).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        return request;
    }

    private async Task<(Guid Request, VoiceReply Voice)> GivenPublished()
    {
        var request = await GivenFinished();
        var proposed = await Send(Here.Clerk, Pair(request));
        return (request, await Send(Here.Manager, new ApproveVoice(proposed.VoiceId, proposed.Version)));
    }

    private async Task<IReadOnlyList<PublishedVoice>> Page() => (await Send(Here.System, new GetVoicesPage(Here.CommunityId))).Voices;

    private Task<List<string>> Events(Guid request) => Rows<string>("select what from event where subject_id = @request and what like 'voice%' order by seq", new { request });

    [Test]
    public async Task What_a_clerk_proposes_is_public_once_a_manager_approved_it()
    {
        var request = await GivenFinished();

        var proposed = await Send(Here.Clerk, new ProposeVoice(request, "  " + Asked, Done, "A door that opens at night", "It does"));
        Assert.That((proposed.State, proposed.Version), Is.EqualTo((VoiceState.Proposed, 1)));
        Assert.That(await Page(), Is.Empty);
        Clock.Advance(TimeSpan.FromMinutes(5));
        var approved = await Send(Here.Manager, new ApproveVoice(proposed.VoiceId, 1));

        Assert.That((approved.State, approved.Version), Is.EqualTo((VoiceState.Published, 2)));
        Assert.That(await Page(), Is.EqualTo(new[] { new PublishedVoice(Asked, Done, "A door that opens at night", "It does", Clock.GetUtcNow()) }));
        var line = (await Send(Here.Clerk, new ListVoices(Here.CommunityId, VoiceState.Published))).Items.Single();
        Assert.That((line.RequestId, line.ProposedBy, line.ApprovedBy, line.ApprovedAt), Is.EqualTo((request, "clerk", "manager", (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That(await Events(request), Is.EqualTo(new[] { "voiceProposed", "voiceApproved" }));
        Assert.That((await Send(Here.Manager, new GetTimeline(request))).Items.Single(e => e.What == Happening.VoiceProposed).Text, Does.StartWith(Asked));
    }

    [Test]
    public async Task Only_a_manager_approves_and_withdraws_and_no_crew_nor_token_writes()
    {
        var request = await GivenFinished();
        var voice = await Send(Here.Officer, Pair(request));
        var token = new Actor(ActorKind.System, Guid.CreateVersion7(), "token", [new RoleIn(Here.CommunityId, Roles.Manager)], []);

        Assert.That(await Refusal(() => Send(Here.Clerk, new ApproveVoice(voice.VoiceId, 1))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Officer, new WithdrawVoice(voice.VoiceId, "不合适"))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Lead(Crew.Engineering), Pair(request))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(token, new ApproveVoice(voice.VoiceId, 1))), Is.EqualTo("role.person_needed"));
        Assert.That(await Page(), Is.Empty);
    }

    [Test]
    public async Task Other_words_are_read_by_a_manager_again_before_anybody_else_reads_them()
    {
        var (request, voice) = await GivenPublished();

        var edited = await Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, "还加装了感应灯", Version: voice.Version));

        Assert.That(edited.State, Is.EqualTo(VoiceState.Proposed));
        Assert.That(await Page(), Is.Empty);
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, edited.Version));
        Assert.That((await Page()).Single().Done, Is.EqualTo("还加装了感应灯"));
        Assert.That(await Events(request), Is.EqualTo(new[] { "voiceProposed", "voiceApproved", "voiceEdited", "voiceApproved" }));
    }

    [Test]
    public async Task The_manager_approves_the_words_that_were_read_and_no_others()
    {
        var request = await GivenFinished();
        var voice = await Send(Here.Clerk, Pair(request));
        await Send(Here.Officer, new EditVoice(voice.VoiceId, Asked, "别的话", Version: 1));

        Assert.That(await Refusal(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1))), Is.EqualTo("voice.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId))), Is.EqualTo("voice.version_required"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, Done))), Is.EqualTo("voice.version_required"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, Done, Version: 1))), Is.EqualTo("voice.changed_meanwhile"));
        Assert.That(await Page(), Is.Empty);
    }

    [Test]
    public async Task Edited_and_approved_at_once_what_is_public_is_what_was_read()
    {
        for (var i = 0; i < 5; i++)
        {
            var request = await GivenFinished();
            var voice = await Send(Here.Clerk, Pair(request));

            await Task.WhenAll(Tried(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, "没有人读过的话", Version: 1))), Tried(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1))));

            Assert.That((await Page()).Select(v => v.Done), Has.None.EqualTo("没有人读过的话"));
        }
    }

    private static async Task Tried(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Refused.Conflict)
        {
            // the other was first
        }
    }

    [Test]
    public async Task A_manager_takes_it_back_for_good_and_another_may_be_written()
    {
        var (request, voice) = await GivenPublished();
        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(request))), Is.EqualTo("voice.exists_already"));
        Assert.That(await Refusal(() => Send(Here.Manager, new WithdrawVoice(voice.VoiceId, "表述不准确"), c => c.IfMatch = 99)), Is.EqualTo("voice.changed_meanwhile"));

        var withdrawn = await Send(Here.Manager, new WithdrawVoice(voice.VoiceId, "表述不准确"));

        Assert.That((withdrawn.State, withdrawn.AllowedMoves.Count), Is.EqualTo((VoiceState.Withdrawn, 0)));
        Assert.That(await Page(), Is.Empty);
        Assert.That(await Refusal(() => Send(Here.Manager, new WithdrawVoice(voice.VoiceId, "再来"))), Is.EqualTo("voice.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId, withdrawn.Version))), Is.EqualTo("voice.move_not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, Done, Version: withdrawn.Version))), Is.EqualTo("voice.move_not_allowed"));
        await Send(Here.Clerk, Pair(request));
        Assert.That((await Send(Here.Manager, new GetTimeline(request))).Items.Single(e => e.What == Happening.VoiceWithdrawn).Text, Is.EqualTo("表述不准确"));
    }

    [Test]
    public async Task Two_at_once_from_one_request_are_one()
    {
        var request = await GivenFinished();

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await Send(Here.Clerk, Pair(request));
                return "written";
            }
            catch (Refused.Conflict refused)
            {
                return refused.Code;
            }
        }));

        Assert.That(replies.Order(), Is.EqualTo(new[] { "voice.exists_already", "voice.exists_already", "voice.exists_already", "written" }));
    }

    [Test]
    public async Task Nothing_is_said_from_what_is_not_finished_or_came_to_nothing()
    {
        var open = (await GivenRequest()).RequestId;
        var gone = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new CancelRequest(gone, CancelledAs.Withdrawn, "不用了"));

        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(open))), Is.EqualTo("voice.not_finished"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(gone))), Is.EqualTo("voice.not_finished"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(Guid.CreateVersion7()))), Is.EqualTo("request.not_found"));
    }

    [Test]
    public async Task Not_solved_takes_it_off_the_page_until_it_is()
    {
        var (request, voice) = await GivenPublished();

        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "王先生"));

        Assert.That(await Page(), Is.Empty);
        Assert.That((await Send(Here.Clerk, new ListVoices())).Items.Single() is { State: VoiceState.Proposed, RequestStatus: RequestStatus.Received or RequestStatus.InProgress }, Is.True);
        Assert.That(await Refusal(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId, voice.Version + 1))), Is.EqualTo("voice.not_finished"));
        Assert.That((await Events(request))[^1], Is.EqualTo("voiceDoubted"));
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "又修了一次"));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, voice.Version + 1));
        Assert.That(await Page(), Has.Count.EqualTo(1));
    }

    [TestCase("请联系 138 0013 8000", Done, "voice.phone_number")]
    [TestCase(Asked, "找 a@example.com", "voice.email_address")]
    [TestCase("王小明家里漏水", Done, "voice.names_somebody")]
    [TestCase(Asked, "3栋2单元1502 的水管换了", "voice.names_the_home")]
    [TestCase(Asked, "3-2-1502 换了水管", "voice.names_the_home")]
    [TestCase("楼上漏水把我家的天花板泡坏了很久没有人管", Done, "voice.copied")]
    [TestCase(" ", Done, "text.empty")]
    [TestCase(Asked, "", "text.empty")]
    public async Task What_would_tell_whose_matter_it_was_is_refused(string asked, string done, string code)
    {
        var request = await GivenFinished("楼上漏水把我家的天花板泡坏了很久没有人管");

        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(request, asked, done))), Is.EqualTo(code));
        var voice = await Send(Here.Clerk, Pair(request));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, asked, done, Version: 1))), Is.EqualTo(code));
        Assert.That(await Refusal(() => Send(Here.Clerk, new EditVoice(voice.VoiceId, Asked, Done, asked, done, Version: 1))), Is.EqualTo(code));
    }

    [Test]
    public async Task Too_long_or_half_in_English_is_refused()
    {
        var request = await GivenFinished();

        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(request, new string('长', 501)))), Is.EqualTo("text.too_long"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ProposeVoice(request, Asked, Done, "A door"))), Is.EqualTo("voice.half_translated"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ProposeVoice(request, Asked, Done, null, "It opens"))), Is.EqualTo("voice.half_translated"));
        await Send(Here.Clerk, Pair(request));
    }

    [Test]
    public async Task What_somebody_would_have_given_five_for_is_no_sentence_for_everybody_either()
    {
        var request = await GivenFinished();
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 4, "李阿姨", MadeItFive: "师傅能早一点来而且把地板擦干净"));

        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(request, "师傅能早一点来而且把地板擦干净"))), Is.EqualTo("voice.copied"));
        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(request, "李阿姨希望更准时"))), Is.EqualTo("voice.names_somebody"));
    }

    [Test]
    public async Task A_name_that_came_to_the_request_since_is_found_when_it_is_approved()
    {
        var request = await GivenFinished();
        var voice = await Send(Here.Clerk, Pair(request, "钱先生希望大堂晚上有灯"));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.Yes, 5, "钱先生"));

        Assert.That(await Refusal(() => Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1))), Is.EqualTo("voice.names_somebody"));
    }

    [Test]
    public async Task A_confidential_complaint_is_never_a_source()
    {
        var secret = await GivenComplaint(confidential: true);

        Assert.That(await Refusal(() => Send(Here.Manager, Pair(secret))), Is.EqualTo("voice.confidential"));
        Assert.That(await Refusal(() => Send(Here.Clerk with { Id = Here.Member(Crew.Security).Id }, Pair(secret))), Is.EqualTo("request.not_found"), "who must not find it is not told that it is there");
        var refused = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Execute(
            "insert into voice (community_id, voice_id, request_id, asked, done, proposed_at, proposed_by) values (@CommunityId, gen_random_uuid(), @secret, 'x', 'y', @Now, @Id)",
            new { Here.CommunityId, secret, Now = Clock.GetUtcNow(), Here.Manager.Id }));
        Assert.That(refused!.ConstraintName, Is.EqualTo("voice_is_no_secret"), "nor does the database let it be");
    }

    [Test]
    public async Task A_complaint_that_becomes_confidential_is_off_the_page_at_once()
    {
        var request = await GivenComplaint(confidential: false);
        var voice = await Send(Here.Manager, Pair(request));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1));
        await Send(Here.Clerk, new RecordFeedback(request, Solved.No, 1, "钱先生")); // amended only while it is open
        await Send(Here.Manager, new AmendRequest(request, Confidential: true, Version: await Scalar<int>("select version from request where request_id = @request", new { request })));

        Assert.That(await Page(), Is.Empty);
        var line = (await Send(Here.Manager, new ListVoices())).Items.Single();
        Assert.That((line.State, line.WithdrawnWhy), Is.EqualTo((VoiceState.Withdrawn, (VoiceWithdrawnWhy?)VoiceWithdrawnWhy.Confidential)));
        Assert.That((await Events(request))[^1], Is.EqualTo("voiceWithdrawn"));
        Assert.That((await Send(Here.Clerk with { Id = Here.Member(Crew.Security).Id }, new ListVoices())).Items, Is.Empty, "the crew complained about does not find it here either");
    }

    [Test]
    public async Task The_database_lets_no_complaint_become_confidential_under_what_everybody_reads()
    {
        var request = await GivenComplaint(confidential: false);
        await Send(Here.Manager, Pair(request));

        var refused = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Execute("update request set confidential = true where request_id = @request", new { request }));

        Assert.That(refused!.ConstraintName, Is.EqualTo("voice_is_no_secret"));
    }

    private async Task<Guid> GivenComplaint(bool confidential)
    {
        var category = Here.Categories.First(c => c.Key.StartsWith("complaint:", StringComparison.Ordinal)).Value;
        var request = (await Send(Here.Manager, new ReceiveRequest(
            Here.CommunityId, RequestKind.Complaint, Channel.Phone, category, "门岗态度不好", PlaceId: Here.Places["3-2-lobby"], CustomerId: Here.Customer, Confidential: confidential, AboutCrew: Crew.Security))).RequestId;
        await Send(Here.Manager, new AnswerRequest(request, AnswerKind.Explained, "已整改"));
        return request;
    }

    [Test]
    public async Task Anothers_is_not_there()
    {
        var (request, voice) = await GivenPublished();

        Assert.That(await Refusal(() => Send(There.Clerk, Pair(request))), Is.EqualTo("request.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new EditVoice(voice.VoiceId, Asked, Done, Version: 2))), Is.EqualTo("voice.not_found"));
        Assert.That(await Refusal(() => Send(There.Manager, new ApproveVoice(voice.VoiceId, 2))), Is.EqualTo("voice.not_found"));
        Assert.That(await Refusal(() => Send(There.Manager, new WithdrawVoice(voice.VoiceId, "x"))), Is.EqualTo("voice.not_found"));
        Assert.That(await Refusal(() => Send(There.Clerk, new ListVoices(Here.CommunityId))), Is.EqualTo("community.not_found"));
        Assert.That((await Send(There.Clerk, new ListVoices())).Items, Is.Empty);
        Assert.That((await Send(There.System, new GetVoicesPage(There.CommunityId))).Voices, Is.Empty);
    }

    [Test]
    public async Task A_long_list_is_read_a_page_at_a_time()
    {
        for (var i = 0; i < 5; i++)
        {
            await Send(Here.Clerk, Pair(await GivenFinished()));
        }

        var all = new List<Guid>();
        string? after = null;
        do
        {
            var page = await Send(Here.Clerk, new ListVoices(Take: 2, After: after));
            all.AddRange(page.Items.Select(v => v.VoiceId));
            after = page.Next;
        }
        while (after is not null);

        Assert.That(all.Distinct().Count(), Is.EqualTo(5));
        Assert.That(await Refusal(() => Send(Here.Clerk, new ListVoices(Take: 0))), Is.EqualTo("take.out_of_range"));
    }

    [Test]
    public async Task Whoever_is_forgotten_is_forgotten_here_too()
    {
        var person = (await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "独角兽", [new NewContactPoint(ContactKind.Phone, "13755557777")], []))).CustomerId;
        var theirs = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "漏水", CustomerId: person))).RequestId;
        await Send(Here.Clerk, new AnswerRequest(theirs, AnswerKind.Answered, "好的"));
        await Send(Here.Clerk, new RecordFeedback(theirs, Solved.Yes, 5, "独角兽"));
        var voice = await Send(Here.Clerk, Pair(theirs, "麒麟一样的请求", "麒麟一样的办法"));
        await Send(Here.Manager, new ApproveVoice(voice.VoiceId, 1));
        var (_, other) = await GivenPublished();

        await Send(Here.Manager, new EraseCustomer(person, ErasureReason.Requested));

        Assert.That((await Page()).Select(v => v.Asked), Is.EqualTo(new[] { Asked }), "another's stands");
        var line = (await Send(Here.Manager, new ListVoices())).Items.Single(v => v.VoiceId == voice.VoiceId);
        Assert.That((line.State, line.WithdrawnWhy, line.Asked, line.Done), Is.EqualTo((VoiceState.Withdrawn, (VoiceWithdrawnWhy?)VoiceWithdrawnWhy.Forgotten, "", "")));
        Assert.That(await Scalar<long>("select (select count(*) from event_text where text like '%麒麟%') + (select count(*) from voice where voice::text like '%麒麟%')"), Is.Zero);
        Assert.That(await Refusal(() => Send(Here.Clerk, Pair(theirs))), Is.EqualTo("voice.forgotten"));
        Assert.That((await LogCheck.Verify(ConnectionString, [], CancellationToken.None)).Faults, Is.Empty);
        Assert.That(other.State, Is.EqualTo(VoiceState.Published));
    }
}
