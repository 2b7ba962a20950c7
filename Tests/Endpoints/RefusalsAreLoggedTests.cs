using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>Who was not let at what stands in the program's log, by id and code.</summary>
public sealed class RefusalsAreLoggedTests : ApiFixture
{
    private readonly Lines lines = new();

    protected override void Configure(WebApplicationBuilder builder) => builder.Logging.AddProvider(lines);

    [Test]
    public async Task A_refusal_for_the_role_is_logged_with_who_and_what_and_no_words()
    {
        var engineer = Here.Member(Crew.Engineering);

        await (await As(engineer)).PostJson($"/api/customers/{Here.Customer}/copy", null, HttpStatusCode.Forbidden);

        var line = lines.All.Single(l => l.Contains("role.not_allowed", StringComparison.Ordinal));
        Assert.That(line, Does.Contain(engineer.Id.ToString()).And.Contain("copy").And.Contain("POST").And.Not.Contain("engineering-1"));
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
