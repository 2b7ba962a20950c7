using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Endpoints;

public sealed class SignInTests : ApiFixture
{
    private readonly CountedHasher hasher = new();

    protected override void Configure(WebApplicationBuilder builder) => builder.Services.AddSingleton<IPasswordHasher<object>>(hasher);

    [SetUp]
    public Task Nobody_has_tried_before() => Execute("delete from sign_in_attempt; delete from session");

    [Test]
    public async Task Who_signs_in_is_known_until_they_sign_out()
    {
        using var clerk = await SignIn(Here.Clerk);

        Assert.That((await clerk.GetJson("/api/session")).Id("staffId"), Is.EqualTo(Here.Clerk.Id));
        await clerk.Send(HttpMethod.Delete, "/api/session", null, HttpStatusCode.NoContent);
        Assert.That((await clerk.GetJson("/api/session", HttpStatusCode.Unauthorized)).Code, Is.EqualTo("session.needed"));
    }

    [Test]
    public async Task A_wrong_password_and_an_unknown_name_are_answered_alike()
    {
        var wrong = await Anonymous.PostJson("/api/session", new { signInName = "clerk@here", password = "guessed" }, HttpStatusCode.Unauthorized);
        var unknown = await Anonymous.PostJson("/api/session", new { signInName = "nobody@here", password = "guessed" }, HttpStatusCode.Unauthorized);

        Assert.That((wrong.Code, wrong.Text("title")), Is.EqualTo((unknown.Code, unknown.Text("title"))));
    }

    [Test]
    public async Task An_unknown_name_costs_the_same_statements_and_the_same_hash_as_a_known_one()
    {
        await Try("clerk@here", "wrong"); // prepared and warm

        var known = await Cost(() => Try("clerk@here", "wrong"));
        var unknown = await Cost(() => Try("nobody@here", "wrong"));
        await Execute("update staff set disabled_at = now() where sign_in_name = 'officer@here'");
        var disabled = await Cost(() => Try("officer@here", Town.Password));
        await Execute("update staff set disabled_at = null where sign_in_name = 'officer@here'");

        Assert.That(known, Has.Length.EqualTo(2).And.Some.Contains("begin_sign_in").And.Some.EqualTo("compared with 210000 rounds"));
        Assert.That(unknown, Is.EqualTo(known));
        Assert.That(disabled, Is.EqualTo(known));
    }

    [Test]
    public async Task After_five_failures_each_next_attempt_waits_twice_as_long_but_never_more_than_a_minute()
    {
        var waits = new List<int>();
        for (var i = 0; i < 14; i++)
        {
            Assert.That(await Try("clerk@here", "wrong"), Is.EqualTo(HttpStatusCode.Unauthorized));
            waits.Add(await Wait("clerk@here"));
            Clock.Advance(TimeSpan.FromSeconds(waits[^1]));
        }

        Assert.That(waits, Is.EqualTo(new[] { 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 }));
        Assert.That(await Try("clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.OK), "The right password after the wait.");
        Assert.That(await Try("clerk@here", "wrong"), Is.EqualTo(HttpStatusCode.Unauthorized), "Success has forgotten the failures.");
    }

    [Test]
    public async Task An_attempt_while_one_has_to_wait_costs_no_hash_and_does_not_lengthen_the_wait_whoever_has_the_name()
    {
        foreach (var name in (string[])["clerk@here", "nobody@here"])
        {
            for (var i = 0; i < 5; i++)
            {
                await Try(name, "wrong");
            }

            var before = await Wait(name);
            var cost = await Cost(() => Try(name, Town.Password));

            Assert.That(cost, Has.Length.EqualTo(1).And.All.Contains("begin_sign_in"));
            Assert.That(await Wait(name), Is.EqualTo(before).And.EqualTo(1));
        }
    }

    [Test]
    public async Task Many_attempts_at_once_are_all_counted()
    {
        hasher.Counted.Clear();

        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Try("clerk@here", "wrong")));

        Assert.That(replies.Count(r => r == HttpStatusCode.Unauthorized), Is.EqualTo(5));
        Assert.That(hasher.Counted, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task What_others_try_from_elsewhere_does_not_hold_up_somebody_where_they_signed_in_before()
    {
        Assert.That(await Try("clerk@here", Town.Password, "198.51.100.7"), Is.EqualTo(HttpStatusCode.OK));
        for (var i = 0; i < 30; i++)
        {
            await Try("clerk@here", "wrong", $"203.0.113.{i}");
        }

        Assert.That(await Try("clerk@here", "wrong", "203.0.113.200"), Is.EqualTo(HttpStatusCode.TooManyRequests), "The name as a whole is slowed down.");
        Assert.That(await Try("clerk@here", Town.Password, "198.51.100.7"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await Rows<int>("select failures from sign_in_attempt")).Max(), Is.LessThanOrEqualTo(20), "What had to wait was not counted.");
    }

    [Test]
    public async Task The_wait_of_a_name_is_half_a_minute_at_most_also_after_a_long_attack()
    {
        for (var i = 0; i < 40; i++)
        {
            await Try("clerk@here", "wrong", $"203.0.113.{i}");
            Clock.Advance(TimeSpan.FromSeconds(30));
        }

        Clock.Advance(TimeSpan.FromSeconds(-30));
        Assert.That(await Wait("clerk@here"), Is.LessThanOrEqualTo(30));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.That(await Try("clerk@here", Town.Password, "198.51.100.9"), Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>Three addresses guess a name, each as soon as it may: there is no moment at which nobody has just tried.</summary>
    [Test]
    public async Task Whoever_comes_for_the_first_time_waits_half_a_minute_at_most_while_others_go_on_guessing()
    {
        await GivenGuessing("clerk@here");

        Assert.That(await SecondsUntilLetIn("clerk@here", "198.51.100.9"), Is.InRange(1, 30));

        await GivenGuessing("clerk@here");
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await LetInAfter("clerk@here", "wrong", "198.51.100.10"), Is.LessThanOrEqualTo(30), "a slip of the fingers costs another turn");
        }

        Assert.That(await SecondsUntilLetIn("clerk@here", "198.51.100.10"), Is.LessThanOrEqualTo(30));
    }

    [Test]
    public async Task Whoever_waits_already_is_first_and_each_of_them_costs_half_a_minute()
    {
        await GivenGuessing("clerk@here");
        string[] waiting = ["198.51.100.21", "198.51.100.22", "198.51.100.23"];
        foreach (var address in waiting)
        {
            Assert.That(await Try("clerk@here", "wrong", address), Is.EqualTo(HttpStatusCode.TooManyRequests));
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var seconds = 0;
        var turns = new List<string>();
        while (await Try("clerk@here", Town.Password, "198.51.100.9") != HttpStatusCode.OK)
        {
            Clock.Advance(TimeSpan.FromSeconds(5));
            seconds += 5;
            foreach (var address in Guessers.Concat(waiting))
            {
                if (await Try("clerk@here", "wrong", address) == HttpStatusCode.Unauthorized)
                {
                    turns.Add(address);
                }
            }

            Assert.That(seconds, Is.LessThan(180), string.Join(' ', turns));
        }

        Assert.That(turns, Is.EqualTo(waiting), "one turn for each that waited before, and none for who goes on guessing");
        Assert.That(seconds, Is.EqualTo(120));
    }

    /// <summary>Who does not come back does not hold the others up for long.</summary>
    [Test]
    public async Task A_place_that_nobody_claims_is_gone_after_a_minute()
    {
        await GivenGuessing("clerk@here");
        for (var i = 0; i < 20; i++)
        {
            Assert.That(await Try("clerk@here", "wrong", $"198.51.100.{30 + i}"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        }

        Assert.That(await SecondsUntilLetIn("clerk@here", "198.51.100.9"), Is.LessThanOrEqualTo(90));
    }

    private static readonly string[] Guessers = ["203.0.113.1", "203.0.113.2", "203.0.113.3"];

    /// <summary>They used up what is free long ago.</summary>
    private async Task GivenGuessing(string name)
    {
        for (var i = 0; i < 30; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(30));
            foreach (var address in Guessers)
            {
                await Try(name, "wrong", address);
            }
        }
    }

    private Task<int> SecondsUntilLetIn(string name, string address) => LetInAfter(name, Town.Password, address);

    /// <summary>Every five seconds; the guessers ask first.</summary>
    private async Task<int> LetInAfter(string name, string password, string address)
    {
        for (var seconds = 0; seconds < 600; seconds += 5)
        {
            foreach (var guesser in Guessers)
            {
                await Try(name, "wrong", guesser);
            }

            if (await Try(name, password, address) != HttpStatusCode.TooManyRequests)
            {
                return seconds;
            }

            Clock.Advance(TimeSpan.FromSeconds(5));
        }

        return int.MaxValue;
    }

    [Test]
    public async Task An_address_that_tries_many_names_is_slowed_down_and_others_are_not()
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.That(await Try($"name{i}", "wrong", "203.0.113.5"), Is.EqualTo(HttpStatusCode.Unauthorized));
        }

        Assert.That(await Try("clerk@here", Town.Password, "203.0.113.5"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await Try("clerk@here", Town.Password, "198.51.100.7"), Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>An office, and whoever sits in its lobby, come from one address.</summary>
    [Test]
    public async Task Whoever_signed_in_from_an_address_before_does_not_wait_for_what_others_try_there()
    {
        Assert.That(await Try("clerk@here", Town.Password, "203.0.113.5"), Is.EqualTo(HttpStatusCode.OK));
        for (var i = 0; i < 60; i++)
        {
            await Try($"name{i}", "wrong", "203.0.113.5");
        }

        Assert.That(await Try("officer@here", Town.Password, "203.0.113.5"), Is.EqualTo(HttpStatusCode.TooManyRequests), "who never came from there waits");
        Assert.That(await Try("clerk@here", Town.Password, "203.0.113.5"), Is.EqualTo(HttpStatusCode.OK));
        for (var i = 0; i < 6; i++)
        {
            await Try("clerk@here", "wrong", "203.0.113.5");
        }

        Assert.That(await Try("clerk@here", Town.Password, "203.0.113.5"), Is.EqualTo(HttpStatusCode.TooManyRequests), "whose name is tried there does");
    }

    [Test]
    public async Task What_is_kept_about_attempts_names_nobody_and_goes_after_a_day()
    {
        await Try("my-password-in-the-wrong-box", "wrong");
        Assert.That(await Rows<string>("select a::text from sign_in_attempt a"), Has.Count.EqualTo(3).And.None.Contains("password"));

        Clock.Advance(TimeSpan.FromHours(25));
        await Try("clerk@here", Town.Password);

        Assert.That(await Scalar<long>("select count(*) from sign_in_attempt"), Is.EqualTo(1), "The address, which begins anew.");
    }

    [Test]
    public async Task A_hash_of_an_older_kind_is_made_anew_when_its_owner_signs_in()
    {
        var old = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1000 })).HashPassword(new object(), Town.Password);
        await Execute("update staff_credential set password_hash = @old where staff_id = @Id", new { old, Here.Clerk.Id });

        Assert.That(await Try("clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.OK));

        Assert.That(CountedHasher.Rounds((await Scalar<string>("select password_hash from staff_credential where staff_id = @Id", new { Here.Clerk.Id }))!), Is.EqualTo(210_000));
        Assert.That(await Try("clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task The_cookie_is_kept_from_scripts_and_other_sites_and_over_tls_bound_to_this_host()
    {
        using var plain = await Send("clerk@here", Town.Password, null);
        using var tls = await Send("clerk@here", Town.Password, null, m => m.Headers.Add("X-Forwarded-Proto", "https"));

        Assert.That(plain.Headers.GetValues("Set-Cookie").Single(), Does.StartWith("desk_session=").And.Contains("samesite=strict").And.Contains("httponly").And.Contains("path=/"));
        Assert.That(tls.Headers.GetValues("Set-Cookie").Single(), Does.StartWith("__Host-desk_session=").And.Contains("secure").And.Contains("samesite=strict").And.Contains("httponly"));
        Assert.That(tls.Headers.GetValues("Strict-Transport-Security").Single(), Does.StartWith("max-age=31536000"));
    }

    [Test]
    public async Task Where_a_call_came_from_is_believed_of_a_known_proxy_only()
    {
        Assert.That(await Try("clerk@here", Town.Password, "198.51.100.7, 203.0.113.9"), Is.EqualTo(HttpStatusCode.OK));

        Assert.That(await Scalar<string>("select address from session"), Is.EqualTo("203.0.113.9"), "The proxy's own word, not what it was told.");
    }

    [Test]
    public async Task A_password_that_is_changed_while_it_is_compared_opens_nothing()
    {
        var other = hasher.HashPassword(new object(), "another one 77");
        hasher.Meanwhile = () => Execute("update staff_credential set password_hash = @other where staff_id = @Id; update session set ended_at = created_at where staff_id = @Id", new { other, Here.Clerk.Id });
        try
        {
            Assert.That(await Try("clerk@here", Town.Password), Is.EqualTo(HttpStatusCode.Unauthorized));

            Assert.That(await Scalar<long>("select count(*) from session where ended_at is null"), Is.Zero);
            Assert.That(await Scalar<string>("select password_hash from staff_credential where staff_id = @Id", new { Here.Clerk.Id }), Is.EqualTo(other));
        }
        finally
        {
            await Execute("update staff_credential set password_hash = @PasswordHash where staff_id = @Id", new { PasswordHash, Here.Clerk.Id });
        }
    }

    [Test]
    public async Task A_password_that_is_changed_while_it_is_compared_is_not_changed_back()
    {
        using var clerk = await SignIn(Here.Clerk);
        var other = hasher.HashPassword(new object(), "another one 77");
        hasher.Meanwhile = () => Execute("update staff_credential set password_hash = @other where staff_id = @Id", new { other, Here.Clerk.Id });
        try
        {
            var refused = await clerk.PostJson("/api/password", new { current = Town.Password, @new = "a third one 99" }, HttpStatusCode.UnprocessableEntity);

            Assert.That(refused.Body.GetProperty("errors")[0].GetProperty("code").GetString(), Is.EqualTo("password.not_the_current_one"));
            Assert.That(await Scalar<string>("select password_hash from staff_credential where staff_id = @Id", new { Here.Clerk.Id }), Is.EqualTo(other));
        }
        finally
        {
            await Execute("update staff_credential set password_hash = @PasswordHash where staff_id = @Id", new { PasswordHash, Here.Clerk.Id });
        }
    }

    /// <summary>The other way round: the change waits for the session that begins, and ends it.</summary>
    [Test]
    public async Task A_session_that_begins_is_waited_for_by_who_changes_the_password()
    {
        var at = Clock.GetUtcNow().UtcDateTime;
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        Assert.That(
            await Dapper.SqlMapper.ExecuteScalarAsync<bool>(connection, "select start_session(gen_random_uuid(), @Id, @PasswordHash, sha256('x'), @at, @at + interval '1 hour', null, null)", new { Here.Clerk.Id, PasswordHash, at }, transaction),
            Is.True);

        await using var second = await Owner.OpenConnectionAsync();
        await Dapper.SqlMapper.ExecuteAsync(second, "set lock_timeout = '100ms'");
        var refused = Assert.ThrowsAsync<Npgsql.PostgresException>(() => Dapper.SqlMapper.ExecuteAsync(second, "update staff_credential set password_hash = 'x' where staff_id = @Id", new { Here.Clerk.Id }));

        Assert.That(refused!.SqlState, Is.EqualTo("55P03"));
    }

    /// <summary>Of the same name, at a computer and on a telephone, a day later: neither holds what the other one waits for.</summary>
    [Test]
    public async Task A_sign_in_that_has_to_wait_holds_nothing_that_somebody_else_needs()
    {
        var sessions = Service<Sessions>();
        var (computer, telephone) = (new SignInPace("clerk@here", "198.51.100.21"), new SignInPace("clerk@here", "198.51.100.22"));
        await sessions.Begin(computer, CancellationToken.None);
        await sessions.Begin(telephone, CancellationToken.None);
        await Execute("update sign_in_attempt set last_at = last_at - interval '2 days' where key_hash = @Key", new { Key = telephone.Keys[2] });
        await using var held = await HeldOpen.Begin(Owner);
        await held.Run("select from sign_in_attempt where key_hash = @Key for update", new { Key = computer.Keys[0] });

        var waits = sessions.Begin(computer, CancellationToken.None);
        await held.IsWaitedFor();
        var goesOn = await sessions.Begin(telephone, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
        await held.Commit();

        Assert.That(goesOn.WaitUntil, Is.Null);
        Assert.That((await waits).WaitUntil, Is.Null);
    }

    /// <summary>The keys of a second factor are of a kind of their own: no name that anybody types is one of them.</summary>
    [Test]
    public async Task Names_that_are_typed_at_sign_in_do_not_hold_up_anybodys_second_factor()
    {
        var sessions = Service<Sessions>();
        foreach (var name in new[] { $"second factor\n{Here.Manager.Id}", $"factor\n{Here.Manager.Id}", Here.Manager.Id.ToString(), "manager@here" })
        {
            for (var i = 0; i < 8; i++)
            {
                await Try(name, "wrong", $"203.0.113.{i}");
                Clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.That((await sessions.Begin(SignInPace.OfSecondFactor(Here.Manager.Id, "manager@here", "198.51.100.7"), CancellationToken.None)).WaitUntil, Is.Null);
    }

    [Test]
    public async Task Codes_that_are_guessed_elsewhere_do_not_hold_up_somebody_where_they_gave_one_before()
    {
        var sessions = Service<Sessions>();
        Task<SignInAttempt> Guess(string address) => sessions.Begin(SignInPace.OfSecondFactor(Here.Manager.Id, "manager@here", address), CancellationToken.None);
        Assert.That(await Try("manager@here", Town.Password, "198.51.100.7"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await Try("manager@here", Town.Password, "198.51.100.8"), Is.EqualTo(HttpStatusCode.OK));
        await Execute("update session set second_factor_at = created_at where address = '198.51.100.7'");
        for (var i = 0; i < 5; i++)
        {
            await Guess($"203.0.113.{i}");
        }

        Assert.That((await Guess("203.0.113.200")).WaitUntil, Is.Not.Null, "The account as a whole is slowed down.");
        Assert.That((await Guess("198.51.100.8")).WaitUntil, Is.Not.Null, "A password alone makes no address known.");
        Assert.That((await Guess("198.51.100.7")).WaitUntil, Is.Null);
    }

    /// <summary>The statements that were sent to this fixture's database, and the hashes that were compared.</summary>
    private async Task<string[]> Cost(Func<Task> act)
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString).Database;
        var spent = new ConcurrentQueue<string>();
        using (var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = a =>
            {
                if ((a.GetTagItem("db.name") ?? a.GetTagItem("db.namespace")) as string == database && (a.GetTagItem("db.statement") ?? a.GetTagItem("db.query.text")) is string statement)
                {
                    spent.Enqueue(statement); // opening a connection is none
                }
            },
        })
        {
            ActivitySource.AddActivityListener(listener);
            hasher.Counted.Clear();
            await act();
        }

        return [.. spent, .. hasher.Counted];
    }

    private async Task<HttpStatusCode> Try(string name, string password, string? from = null)
    {
        using var reply = await Send(name, password, from);
        return reply.StatusCode;
    }

    /// <summary>The seconds that the next attempt from here would have to wait.</summary>
    private async Task<int> Wait(string name)
    {
        var keys = new SignInPace(name, "127.0.0.1").Keys;
        var until = await Scalar<DateTime?>("select max(wait_until) from sign_in_attempt where key_hash = any (@keys)", new { keys });
        return until is null ? 0 : (int)Math.Ceiling((until.Value - Clock.GetUtcNow().UtcDateTime).TotalSeconds);
    }

    private async Task<HttpResponseMessage> Send(string name, string password, string? from, Action<HttpRequestMessage>? more = null)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/session");
        message.Content = new StringContent(JsonSerializer.Serialize(new { signInName = name, password }), Encoding.UTF8, "application/json");
        if (from is not null)
        {
            message.Headers.Add("X-Forwarded-For", from);
        }

        more?.Invoke(message);
        using var bare = new HttpClient(new AsDocumented(new SocketsHttpHandler { UseCookies = false })) { BaseAddress = Address }; // one that succeeded before must not tell who this is
        return await bare.SendAsync(message);
    }

    /// <summary>Whoever sends many passwords at once has the processors hash, and do nothing else; so only so many are hashed at once as there are processors.</summary>
    [Test]
    public async Task No_more_passwords_are_hashed_at_once_than_there_are_processors()
    {
        ThreadPool.GetMinThreads(out var threads, out var others);
        ThreadPool.SetMinThreads(Math.Max(threads, 24), others); // there is a thread for each of them
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Try($"nobody{i}@here", "guessed")));
        }
        finally
        {
            ThreadPool.SetMinThreads(threads, others);
        }

        Assert.That(hasher.MostAtOnce, Is.InRange(1, Environment.ProcessorCount));
    }

    /// <summary>The hasher of the desk, which tells what it was asked to compare; hundreds of attempts with the word "wrong" are counted without the work.</summary>
    private sealed class CountedHasher : IPasswordHasher<object>
    {
        private readonly PasswordHasher<object> inner = Api.Auth.Passwords.Hasher();
        private int atOnce;

        public int MostAtOnce { get; private set; }

        public ConcurrentQueue<string> Counted { get; } = [];

        /// <summary>What happens once while a password is compared.</summary>
        public Func<Task>? Meanwhile { get; set; }

        public static int Rounds(string hash) => System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(Convert.FromBase64String(hash).AsSpan(5));

        public string HashPassword(object user, string password) => inner.HashPassword(user, password);

        public PasswordVerificationResult VerifyHashedPassword(object user, string hashedPassword, string providedPassword)
        {
            Counted.Enqueue($"compared with {Rounds(hashedPassword)} rounds");
            var meanwhile = Meanwhile;
            Meanwhile = null;
            meanwhile?.Invoke().GetAwaiter().GetResult();
            lock (inner)
            {
                MostAtOnce = Math.Max(MostAtOnce, ++atOnce);
            }

            try
            {
                return providedPassword == "wrong" ? PasswordVerificationResult.Failed : inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
            }
            finally
            {
                lock (inner)
                {
                    atOnce--;
                }
            }
        }
    }
}
