using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>A worker that is killed at each step of a delivery: nothing is lost, and nothing is sent more than once for each crash, under one id.</summary>
[Category("Process")]
public sealed class DeliveryCrashTests : DeskFixture
{
    /// <summary>What the engine remembers of a worker that died holds up the next one for eight seconds; how it gets over that is tried elsewhere.</summary>
    private const string NoEngine = "drop schema if exists job_engine cascade; create schema job_engine";

    private static readonly string[] Steps = ["leased", "sent", "marked"];

    [Test]
    public async Task Killed_at_any_step_another_worker_goes_on_when_its_lease_is_over()
    {
        await Execute("delete from message; update community set quiet_from = '00:00', quiet_to = '00:00'");
        await using var gateway = await Receiver.Start();
        await using var probe = await Heard.On(Owner, "probe");
        (string, string)[] settings =
        [
            ("Desk__Messages__Sms__Url", gateway.Url), ("Desk__Messages__Sms__Secret", "a secret of the tests"), ("Desk__Messages__LeaseSeconds", "600"), ("Desk__Messages__TimeoutSeconds", "30"), ("Desk__Messages__LingerSeconds", "0"),
        ];

        var asks = new List<Guid>();
        foreach (var step in Steps)
        {
            var request = (await GivenRequest()).RequestId;
            await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
            asks.Add(request);
            await Execute(NoEngine);
            await using var dies = RealProcess.Start("Probe", ConnectionString, ["--deliver", "--die-at", step], settings);
            await dies.Ended(TimeSpan.FromMinutes(3));
            Assert.That(dies.ExitCode, Is.EqualTo(137), "SIGKILL: " + dies.Said);
        }

        Assert.That(await SendsOf(asks), Is.EqualTo(new[] { 0, 1, 1 }), "each died where it was to");
        Assert.That(
            await Rows<(bool, bool)>("select m.sent_at is not null, m.lease_id is not null and m.send_after > clock_timestamp() + interval '5 minutes' from message m join unnest(@asks) with ordinality a (id, nth) on a.id = m.request_id order by a.nth", new { asks = asks.ToArray() }),
            Is.EqualTo(new[] { (false, true), (false, true), (true, false) }),
            "what was not marked is leased still");

        await Execute(NoEngine);
        await using var lives = RealProcess.Start("Probe", ConnectionString, ["--deliver"], settings);
        await probe.Next("delivered 0");
        Assert.That(await SendsOf(asks), Is.EqualTo(new[] { 0, 1, 1 }), "while they are leased they are nobody else's");
        await Execute("update message set send_after = created_at where lease_id is not null"); // as when the time is over
        await probe.Next("delivered 2");
        await probe.Next("delivered 0");

        Assert.That(await SendsOf(asks), Is.EqualTo(new[] { 1, 2, 1 }));
        Assert.That(gateway.Calls.Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.EqualTo(3));
        Assert.That(await Rows<Guid>("select request_id from message where sent_at is not null and template = 'feedbackAsk'"), Is.EquivalentTo(asks));
        Assert.That(await Rows<long>("select count(*) from event where subject_id = any (@asks) and what = 'messageSent' group by subject_id", new { asks = asks.ToArray() }), Is.EqualTo(new long[] { 1, 1, 1 }));

        async Task<int[]> SendsOf(IEnumerable<Guid> requests)
        {
            var sends = gateway.Calls.Select(c => c.Headers["webhook-id"]).ToArray();
            var counts = new List<int>();
            foreach (var request in requests)
            {
                var id = "msg_" + (await Scalar<Guid>("select message_id from message where request_id = @request and template = 'feedbackAsk'", new { request })).ToString("N");
                counts.Add(sends.Count(s => s == id));
            }

            return [.. counts];
        }
    }
}
