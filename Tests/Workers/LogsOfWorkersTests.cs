using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Messages;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;
using PropertyServiceDesk.Workers;

namespace PropertyServiceDesk.Tests.Workers;

/// <summary>What the workers' host writes to its program log at the most talkative level: they hold numbers, addresses, and the gateways' keys.</summary>
public sealed class LogsOfWorkersTests : DeskFixture
{
    private const string SmsSecret = "whsec_bm90aGluZyB0byBzZWUgaGVyZSwgbW92ZSBvbg==";
    private const string OpenId = "oOpenId_geheim";
    private const string Words = "卧室的天花板在滴水";

    [Test]
    public async Task No_number_address_text_or_key_of_a_gateway_is_in_it_whether_a_message_goes_out_or_not()
    {
        var lines = new Lines();
        await using var sms = await Receiver.Start((call, nth) => Task.FromResult(nth == 1 ? (500, "kaputt " + call.Body) : (204, "")));
        await using var weChat = await Receiver.Start((call, nth) => Task.FromResult((200, call.Target.StartsWith("/cgi-bin/token?", StringComparison.Ordinal)
            ? """{"access_token":"TOKEN-geheim","expires_in":7200}"""
            : nth == 2 ? """{"errcode":43004,"errmsg":"require subscribe oOpenId_geheim"}""" : """{"errcode":0,"errmsg":"ok"}""")));
        await using var robot = await Receiver.Start((call, nth) => Task.FromResult((200, nth == 1 ? $$"""{"errcode":93000,"errmsg":"invalid {{call.Target}}"}""" : """{"errcode":0,"errmsg":"ok"}""")));
        await GivenMessages();

        await using (var host = Host(lines, sms, weChat, robot))
        {
            for (var i = 0; i < 12; i++)
            {
                await host.Services.GetRequiredService<Job>().Deliver(CancellationToken.None);
                Clock.Advance(TimeSpan.FromMinutes(1));
            }
        }

        Assert.That(sms.Calls, Has.Some.Matches<ReceivedCall>(c => c.Body.Contains("13900002222", StringComparison.Ordinal)), "a number went through");
        Assert.That(weChat.Calls, Has.Some.Matches<ReceivedCall>(c => c.Target.Contains("TOKEN-geheim", StringComparison.Ordinal)));
        Assert.That(robot.Calls, Has.Some.Matches<ReceivedCall>(c => c.Target.Contains("robot-geheim", StringComparison.Ordinal)));
        Assert.That(await Scalar<long>("select count(*) from message where last_failure is not null"), Is.GreaterThan(0), "and something failed");
        var log = string.Join('\n', lines.All);
        Assert.That(log, Is.Not.Empty);
        foreach (var trace in new[] { "13800138000", "138 0013 8000", "13900001111", "13900002222", OpenId, "王小明", Words, "3-2-1502", SmsSecret, "app-geheim", "TOKEN-geheim", "robot-geheim", "kaputt" })
        {
            Assert.That(log, Does.Not.Contain(trace));
        }
    }

    /// <summary>Two asks, by text message and WeChat, and an urge for a group.</summary>
    private async Task GivenMessages()
    {
        await Execute("insert into contact_point (community_id, contact_point_id, customer_id, kind, value, normalised) values (@CommunityId, gen_random_uuid(), @Customer, 'weChat', @OpenId, lower(@OpenId)); update customer set preferred_channel = 'weChat' where customer_id = @Customer", new { Here.CommunityId, Here.Customer, OpenId });
        await Send(Here.Manager, new EditTemplate(
            Here.CommunityId, "feedbackAsk", "zh-CN", "请评价", "请评价 {number}", [new ProviderTemplate(MessageChannel.WeChat, "TM00015", [new ProviderField("thing2", "{category}已完成")])], 0));
        var byWeChat = (await GivenRequest(text: Words)).RequestId;
        await Send(Here.Clerk, new AnswerRequest(byWeChat, AnswerKind.Answered, Words));
        var bySms = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), Words, PlaceId: Here.Places["3-2-1502"], Reporter: new Reporter("王小明", "13900002222")))).RequestId;
        await Send(Here.Clerk, new AnswerRequest(bySms, AnswerKind.Answered, Words));

        await Execute("update staff set phone = '139 0000 1111' where staff_id = @Id", new { Here.Clerk.Id });
        var (urged, order) = await GivenDispatched();
        await Send(Here.Member(Crew.Engineering), new Domain.WorkOrders.AcceptWork(order));
        await Send(Here.Clerk, new UrgeRequest(urged, Words));
    }

    private WebApplication Host(Lines lines, Receiver sms, Receiver weChat, Receiver robot)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:ServiceDesk"] = ConnectionString,
            ["Logging:LogLevel:Default"] = "Trace",
            ["Desk:Messages:LingerSeconds"] = "0",
            ["Desk:Messages:Sms:Url"] = sms.Url,
            ["Desk:Messages:Sms:Secret"] = SmsSecret,
            ["Desk:Messages:WeChat:Url"] = weChat.Url,
            ["Desk:Messages:WeChat:AppId"] = "wx1",
            ["Desk:Messages:WeChat:AppSecret"] = "app-geheim",
            ["Desk:Messages:WeCom:Url"] = robot.Url + "cgi-bin/webhook/send?key=robot-geheim",
        });
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(lines);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        return WorkersHost.Build(builder, Schedule.Entries);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue(formatter(state, exception) + (exception is null ? "" : "\n" + exception));

        public void Dispose()
        {
        }
    }
}
