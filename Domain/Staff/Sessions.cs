using System.Security.Cryptography;
using NpgsqlTypes;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>What a session still lacks. Until it has it, it opens nothing but the way there.</summary>
public enum SessionNeed
{
    /// <summary>A code of the second factor.</summary>
    SecondFactor,

    /// <summary>A password of one's own, in place of one that somebody else made.</summary>
    NewPassword,

    /// <summary>A second factor: this person's roles ask for one.</summary>
    Enrolment,
}

/// <summary>Who holds a session now.</summary>
/// <param name="Needs">What the session lacks.</param>
/// <param name="NeedsFactor">Whether this person's roles ask for a second factor.</param>
public sealed record SessionHolder(Guid SessionId, Guid StaffId, string SignInName, string DisplayName, string Language, Actor Actor, SessionNeed? Needs, bool NeedsFactor);

/// <summary>Another system, which came with a token.</summary>
public sealed record TokenHolder(Guid TokenId, Actor Actor);

/// <summary>An attempt to sign in, counted. <paramref name="WaitUntil"/>: too many failed before it, and nothing is told; else the hash to compare with, null for a name that nobody has.</summary>
public sealed record SignInAttempt(DateTimeOffset? WaitUntil, Guid? StaffId, string? PasswordHash);

/// <summary>
/// Sessions, before anybody is known as the caller: each statement runs in the application's role and in no community's scope, and
/// reaches names and hashes only through narrow functions of the database.
/// </summary>
public sealed class Sessions(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(14);

    /// <summary>How long a session lasts that nobody uses.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(3);

    /// <summary>The stored hash of this sign-in name, or null where there is no such name; the same statement either way.</summary>
    public async Task<(Guid StaffId, string PasswordHash)?> ForSignIn(string signInName, CancellationToken ct)
    {
        await using var batch = Enter(null, "select staff_id, password_hash from staff_for_sign_in($1)", signInName);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct) ? (reader.GetGuid(0), reader.GetString(1)) : null;
    }

    /// <summary>Counts an attempt and tells what it is to be compared with: one statement, whoever the name belongs to, or nobody.</summary>
    public async Task<SignInAttempt> Begin(SignInPace pace, CancellationToken ct)
    {
        await using var batch = Enter(
            null,
            "select wait_until, staff_id, password_hash from begin_sign_in($1, $2, $3, $4, $5, $6, $7)",
            pace.Name,
            pace.Address,
            pace.Keys,
            pace.Free,
            pace.Most,
            pace.OfFactor,
            clock.Now().UtcDateTime);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        await reader.ReadAsync(ct);
        return new SignInAttempt(
            reader.IsDBNull(0) ? null : new DateTimeOffset(reader.GetDateTime(0), TimeSpan.Zero),
            reader.IsDBNull(1) ? null : reader.GetGuid(1),
            reader.IsDBNull(2) ? null : reader.GetString(2));
    }

    /// <summary>Whether somebody of this name signed in from this address within 90 days.</summary>
    public async Task<bool> IsKnownAt(SignInPace pace, CancellationToken ct)
    {
        await using var batch = Enter(null, "select known_at($1, $2, $3, $4)", pace.Name, pace.Address, pace.OfFactor, clock.Now().UtcDateTime);
        return await batch.ExecuteScalarAsync(CancellationToken.None) is true;
    }

    /// <summary>Name and password belonged together: the attempts that failed before are forgotten.</summary>
    public async Task Succeed(SignInPace pace, CancellationToken ct)
    {
        await using var batch = Enter(null, "select clear_sign_in($1)", new NpgsqlParameter { Value = pace.Keys });
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Stores somebody's own password once more, with today's cost of hashing; nothing where it is another one by now.</summary>
    public async Task Rehash(Guid staffId, string verified, string passwordHash, CancellationToken ct)
    {
        await using var batch = Enter(staffId, "select set_own_password($1, $2, $3)", verified, passwordHash, clock.Now().UtcDateTime);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <param name="verified">The stored hash with which the password was compared.</param>
    /// <returns>The token, which is stored nowhere but with the caller; the database keeps its hash. Null where the password is another one by now.</returns>
    public async Task<string?> Start(Guid staffId, string verified, string? address, string? userAgent, CancellationToken ct)
    {
        var token = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var now = clock.Now();
        await using var batch = Enter(
            null,
            "select start_session($1, $2, $3, $4, $5, $6, $7, $8)",
            Guid.CreateVersion7(now),
            staffId,
            verified,
            Hash(token),
            now.UtcDateTime,
            (now + Lifetime).UtcDateTime,
            new NpgsqlParameter { Value = (object?)address ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            new NpgsqlParameter { Value = userAgent is { Length: > 300 } ? userAgent[..300] : (object?)userAgent ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await batch.ExecuteScalarAsync(CancellationToken.None) is true ? token : null;
    }

    public async Task End(string token, CancellationToken ct)
    {
        await using var batch = Enter(null, "select end_session($1, $2)", Hash(token), clock.Now().UtcDateTime);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Null where the token is made up, ended, too old, or was not used for too long.</summary>
    /// <param name="use">Whether the session is used by this, or only looked at.</param>
    public async Task<SessionHolder?> Holder(string token, CancellationToken ct, bool use = true)
    {
        await using var batch = Enter(
            null,
            "select session_id, staff_id, sign_in_name, display_name, language, roles, teams, must_change, has_factor, gave_factor, is_demo from session_holder($1, $2, $3, $4)",
            Hash(token),
            clock.Now().UtcDateTime,
            Idle,
            use);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        if (!await reader.ReadAsync(ct))
        {
            return null;
        }

        var staffId = reader.GetGuid(1);
        var actor = new Actor(ActorKind.Staff, staffId, reader.GetString(3), Holding.Roles(reader.GetFieldValue<string[]>(5)), Holding.Seats(reader.GetFieldValue<string[]>(6)));
        var factor = SecondFactors.IsNeeded(actor.Roles, reader.GetBoolean(10));
        return new SessionHolder(reader.GetGuid(0), staffId, reader.GetString(2), reader.GetString(3), reader.GetString(4), actor, Need(reader.GetBoolean(8), reader.GetBoolean(9), reader.GetBoolean(7), factor), factor);
    }

    /// <summary>The session goes on with the second factor given, under a new token.</summary>
    public async Task<string?> Pass(Guid staffId, string token, CancellationToken ct)
    {
        var next = RandomNumberGenerator.GetHexString(64, lowercase: true);
        await using var batch = Enter(staffId, "select pass_second_factor($1, $2, $3)", Hash(token), Hash(next), clock.Now().UtcDateTime);
        return await batch.ExecuteScalarAsync(CancellationToken.None) is true ? next : null;
    }

    /// <summary>Null where this person has begun none.</summary>
    public async Task<OwnFactor?> Factor(Guid staffId, CancellationToken ct)
    {
        await using var batch = Enter(staffId, "select secret, confirmed_at, last_step, codes_left from own_factor()");
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct)
            ? new OwnFactor(reader.GetFieldValue<byte[]>(0), reader.IsDBNull(1) ? null : new DateTimeOffset(reader.GetDateTime(1), TimeSpan.Zero), reader.GetInt64(2), reader.GetInt32(3))
            : null;
    }

    /// <param name="confirm">The factor was begun, and is confirmed by this; else it is confirmed.</param>
    /// <returns>False where this step of time was used up meanwhile.</returns>
    public async Task<bool> UseFactor(Guid staffId, long step, bool confirm, CancellationToken ct)
    {
        await using var batch = Enter(staffId, "select use_factor($1, $2, $3)", step, confirm, clock.Now().UtcDateTime);
        return await batch.ExecuteScalarAsync(CancellationToken.None) is true;
    }

    /// <returns>False where there is none of this hash, or it was used.</returns>
    public async Task<bool> UseRecoveryCode(Guid staffId, byte[] hash, CancellationToken ct)
    {
        await using var batch = Enter(staffId, "select use_recovery_code($1)", hash);
        return await batch.ExecuteScalarAsync(CancellationToken.None) is true;
    }

    /// <summary>Who holds this token of a system; null where it is made up, revoked or expired.</summary>
    public async Task<TokenHolder?> HolderOfToken(string token, string address, CancellationToken ct)
    {
        await using var batch = Enter(null, "select token_id, name, roles from token_holder($1, $2, $3)", Hash(token), clock.Now().UtcDateTime, address);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct)
            ? new TokenHolder(reader.GetGuid(0), new Actor(ActorKind.System, reader.GetGuid(0), reader.GetString(1), Holding.Roles(reader.GetFieldValue<string[]>(2)), []))
            : null;
    }

    internal async Task<Provided?> Provided(string subject, CancellationToken ct)
    {
        await using var batch = Enter(null, "select staff_id, display_name, language, disabled, roles, district_roles, teams from provided_holder($1)", subject);
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        return await reader.ReadAsync(ct)
            ? new Provided(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), Holding.Roles(reader.GetFieldValue<string[]>(4)), Holding.Roles(reader.GetFieldValue<string[]>(5)), Holding.Seats(reader.GetFieldValue<string[]>(6)))
            : null;
    }

    internal async Task RegisterProvided(Guid staffId, string subject, string name, string displayName, CancellationToken ct)
    {
        await using var batch = Enter(null, "select register_provided($1, $2, $3, $4, $5)", staffId, subject, name, displayName, clock.Now().UtcDateTime);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    /// <summary>Communities that are not there are passed over.</summary>
    internal async Task<IReadOnlyList<RoleIn>> InCommunities(IReadOnlyList<(string Community, Roles Role)> roles, CancellationToken ct)
    {
        await using var batch = Enter(null, "select code, community_id from communities_by_code($1)", new NpgsqlParameter { Value = roles.Select(r => r.Community).Distinct(StringComparer.Ordinal).ToArray() });
        await using var reader = await batch.ExecuteReaderAsync(CancellationToken.None);
        var known = new Dictionary<string, Guid>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            known[reader.GetString(0)] = reader.GetGuid(1);
        }

        return [.. roles.Where(r => known.ContainsKey(r.Community)).Select(r => new RoleIn(known[r.Community], r.Role)).Distinct()];
    }

    public static NewToken NewToken(string token) => new(Guid.CreateVersion7(), Hash(token));

    private static SessionNeed? Need(bool hasFactor, bool gaveFactor, bool mustChange, bool mustHaveFactor) =>
        hasFactor && !gaveFactor ? SessionNeed.SecondFactor
        : mustChange ? SessionNeed.NewPassword
        : mustHaveFactor && !hasFactor ? SessionNeed.Enrolment
        : null;

    private static byte[] Hash(string token) => SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token));

    /// <summary>Both statements are one implicit transaction, in which the scope holds. They are short, and never given up halfway: the driver would take what it was just preparing for prepared.</summary>
    private NpgsqlBatch Enter(Guid? actor, string sql, params object[] values)
    {
        var batch = source.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("call enter_scope('', $1)") { Parameters = { new NpgsqlParameter { Value = actor?.ToString() ?? "" } } });
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
        return batch;
    }
}
