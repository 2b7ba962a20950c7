using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Slices;

public sealed class EventLogTests : DeskFixture
{
    private sealed record Row(
        long Seq,
        string SubjectKind,
        Guid SubjectId,
        string What,
        string Visibility,
        string Detail,
        string ActorKind,
        Guid? ActorId,
        string? Channel,
        string? Device,
        DateTimeOffset? DeviceAt,
        DateTimeOffset OccurredAt,
        DateTimeOffset RecordedAt,
        byte[]? TextHash,
        byte[] PrevHash,
        byte[] Hash,
        byte[]? Salt,
        string? Text);

    private Task<List<Row>> Log() => Rows<Row>(
        """
        select e.seq, e.subject_kind, e.subject_id, e.what, e.visibility, e.detail::text as detail, e.actor_kind, e.actor_id, e.channel, e.device, e.device_at, e.occurred_at, e.recorded_at,
            e.text_hash, e.prev_hash, e.hash, x.salt, x.text
        from event e
        left join event_text x on x.community_id = e.community_id and x.seq = e.seq
        where e.community_id = @CommunityId
        order by e.seq
        """,
        new { Here.CommunityId });

    [Test]
    public async Task The_chain_is_gapless_and_the_program_computes_the_same_links_as_the_database()
    {
        var (_, order) = await GivenDispatched();
        await Send(Here.Member(Crew.Engineering), new AcceptWork(order), c =>
        {
            c.Device = "phone-1";
            c.DeviceAt = Clock.GetUtcNow();
        });
        await Send(Here.Clerk, new TransferWork(order, Here.Teams[Crew.Environment], "不是我们的 𠮷 🙂"));

        var log = await Log();

        Assert.That(log.Select(r => r.Seq), Is.EqualTo(Enumerable.Range(1, log.Count).Select(i => (long)i)));
        foreach (var (previous, row) in log.Zip(log.Skip(1)))
        {
            Assert.That(row.PrevHash, Is.EqualTo(previous.Hash));
            Assert.That(
                EventLog.Hash(
                    row.PrevHash, row.Seq, row.SubjectKind, row.SubjectId, row.What, row.Visibility, row.Detail, row.ActorKind, row.ActorId, row.Channel, row.Device, row.DeviceAt, row.OccurredAt, row.RecordedAt, row.TextHash),
                Is.EqualTo(row.Hash));
            if (row.Text is not null)
            {
                Assert.That(EventLog.TextHash(row.Salt!, row.Text), Is.EqualTo(row.TextHash));
            }
        }

        var head = (await Rows<(long Seq, byte[] Hash)>("select seq, hash from event_head where community_id = @CommunityId", new { Here.CommunityId })).Single();
        Assert.That((head.Seq, head.Hash), Is.EqualTo((log[^1].Seq, log[^1].Hash)));
    }

    [Test]
    public async Task Many_at_once_leave_one_chain_in_commit_order()
    {
        var before = (await Log()).Count;

        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => GivenRequest()));

        var log = await Log();
        Assert.That(log, Has.Count.EqualTo(before + 40));
        Assert.That(log.Skip(1).Select(r => r.PrevHash), Is.EqualTo(log.SkipLast(1).Select(r => r.Hash)));
    }

    [Test]
    public async Task Words_and_telephone_numbers_stand_in_the_text_and_never_in_the_detail()
    {
        await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "特别的话", Reporter: new Reporter("张三丰", "13912345678"), Foreign: new ForeignNumber("12345", "私密号码")));

        var last = (await Log())[^1];

        Assert.That(last.Text, Is.EqualTo("特别的话"));
        Assert.That(last.Detail, Does.Not.Contain("特别的话").And.Not.Contain("张三丰").And.Not.Contain("13912345678").And.Not.Contain("私密号码"));
    }

    [Test]
    public async Task A_devices_time_counts_only_between_the_last_move_and_now()
    {
        var (_, order) = await GivenDispatched();
        var assigned = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromMinutes(20));

        await Send(Here.Member(Crew.Engineering), new AcceptWork(order), c => c.DeviceAt = assigned.AddMinutes(5));
        await Send(Here.Member(Crew.Engineering), new ArriveOnSite(order), c => c.DeviceAt = assigned.AddMinutes(-5));

        var details = await Send(Here.Clerk, new GetWorkOrder(order));
        Assert.That(details.WorkOrder.AcceptedAt, Is.EqualTo(assigned.AddMinutes(5)));
        Assert.That(details.WorkOrder.ArrivedAt, Is.EqualTo(Clock.GetUtcNow()), "a time before the acceptance is not believed");
        var arrived = (await Log())[^1];
        Assert.That((arrived.DeviceAt, arrived.Detail), Is.EqualTo(((DateTimeOffset?)assigned.AddMinutes(-5), "{\"deviceTimeNotBelieved\":true}")), "it is kept, and flagged");
    }
}
