using NUnit.Framework;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>A worker that is killed at each step of a delivery: nothing is lost, and nothing is sent more than once for each crash, under one id.</summary>
[Category("Process")]
public sealed class DeliveryCrashTests : DeskFixture
{
    [TestCase("leased", 1)]
    [TestCase("sent", 2)]
    [TestCase("marked", 1)]
    public async Task Killed_at_a_step_another_worker_goes_on(string step, int sends)
    {
        await Execute("delete from message; update community set quiet_from = '00:00', quiet_to = '00:00'");
        var request = (await GivenRequest()).RequestId;
        await Send(Here.Clerk, new AnswerRequest(request, AnswerKind.Answered, "已处理"));
        await using var gateway = await Receiver.Start();
        await using var probe = await Heard.On(Owner, "probe");
        (string, string)[] settings =
        [
            ("Desk__Messages__Sms__Url", gateway.Url), ("Desk__Messages__Sms__Secret", "a secret of the tests"), ("Desk__Messages__LeaseSeconds", "16"), ("Desk__Messages__TimeoutSeconds", "8"), ("Desk__Messages__LingerSeconds", "0"),
        ];

        await using (var first = RealProcess.Start("Probe", ConnectionString, ["--deliver", "--die-at", step], settings))
        {
            await first.Ended(TimeSpan.FromSeconds(60));
        }

        var sent = gateway.Calls.Count;
        await using var second = RealProcess.Start("Probe", ConnectionString, ["--deliver"], settings);
        if (step != "marked")
        {
            await probe.Next("step marked");
        }

        await probe.Next("delivered 0");

        Assert.That(sent, Is.EqualTo(step == "leased" ? 0 : 1));
        Assert.That(gateway.Calls, Has.Count.EqualTo(sends));
        Assert.That(gateway.Calls.Select(c => c.Headers["webhook-id"]).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from message where request_id = @request and sent_at is not null", new { request }), Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from event where subject_id = @request and what = 'messageSent'", new { request }), Is.EqualTo(1));
    }
}
