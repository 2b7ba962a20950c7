using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Identity;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.Staff;

namespace PropertyServiceDesk.Api.Auth;

/// <summary>Whether a name and a password belong together. Whatever is typed costs one statement and one hash; only success costs more.</summary>
internal sealed partial class FrontDoor(Sessions sessions, Passwords passwords, TimeProvider clock, ILogger<FrontDoor> log)
{
    /// <param name="Verified">The stored hash with which the password was compared: what follows holds only while it is stored.</param>
    /// <param name="Rehash">It is of an older, cheaper kind.</param>
    public sealed record Opened(Guid StaffId, string Verified, bool Rehash);

    /// <summary>Whether whoever has this name signed in from here before; asked alike for every name.</summary>
    public Task<bool> IsKnown(HttpContext http, string signInName, CancellationToken ct) => sessions.IsKnownAt(new SignInPace(signInName.Trim().ToLowerInvariant(), AddressOf(http)), ct);

    /// <returns>Null where they do not belong together, or nobody has the name.</returns>
    /// <exception cref="TooMany">Too many attempts failed before this one.</exception>
    public async Task<Opened?> Try(HttpContext http, string signInName, string password, CancellationToken ct)
    {
        var pace = new SignInPace(signInName.Trim().ToLowerInvariant(), AddressOf(http));
        var attempt = await sessions.Begin(pace, ct);
        if (attempt.WaitUntil is { } until)
        {
            Slowed(pace.Address);
            throw new TooMany("sign_in.slow_down", "Too many attempts failed. Wait a moment and try again.", until - clock.GetUtcNow());
        }

        var verified = await passwords.Verify(attempt.PasswordHash, password, ct);
        if (verified == PasswordVerificationResult.Failed || attempt.StaffId is not { } staffId)
        {
            Refused(pace.Address, attempt.StaffId);
            return null;
        }

        await sessions.Succeed(pace, ct);
        Known(pace.Address, staffId);
        return new Opened(staffId, attempt.PasswordHash!, verified == PasswordVerificationResult.SuccessRehashNeeded);
    }

    /// <summary>Whether a code is this person's now; it is used up by that.</summary>
    /// <param name="confirm">It is the first code, which confirms a factor that was begun; else the factor must be confirmed.</param>
    /// <param name="recovery">Whether one of the recovery codes will do, too.</param>
    /// <exception cref="TooMany">Too many codes failed before this one.</exception>
    public async Task<bool> TryCode(HttpContext http, SessionHolder holder, string code, bool confirm, bool recovery, CancellationToken ct)
    {
        var staffId = holder.StaffId;
        var pace = SignInPace.OfSecondFactor(staffId, holder.SignInName, AddressOf(http));
        if ((await sessions.Begin(pace, ct)).WaitUntil is { } until)
        {
            Slowed(pace.Address);
            throw new TooMany("sign_in.slow_down", "Too many attempts failed. Wait a moment and try again.", until - clock.GetUtcNow());
        }

        var factor = await sessions.Factor(staffId, ct);
        var typed = code.Trim().Replace(" ", "", StringComparison.Ordinal);
        var good = factor is not null && (factor.ConfirmedAt is null) == confirm
            && Totp.StepOf(factor.Secret, typed, clock.GetUtcNow(), factor.LastStep) is { } step && await sessions.UseFactor(staffId, step, confirm, ct);
        if (!good && recovery && factor?.ConfirmedAt is not null && RecoveryCodes.Hash(typed) is { } hash)
        {
            good = await sessions.UseRecoveryCode(staffId, hash, ct);
        }

        if (good)
        {
            await sessions.Succeed(pace, ct);
            FactorGiven(pace.Address, staffId);
        }
        else
        {
            FactorRefused(pace.Address, staffId);
        }

        return good;
    }

    /// <summary>Where a call comes from: an IPv4 address, or the network of an IPv6 one, within which one person has any number of them.</summary>
    public static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address.ToString();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes) + "/64";
    }

    [LoggerMessage(LogLevel.Information, "Password of {StaffId} given from {Address}")]
    private partial void Known(string address, Guid staffId);

    [LoggerMessage(LogLevel.Information, "Second factor of {StaffId} given from {Address}")]
    private partial void FactorGiven(string address, Guid staffId);

    [LoggerMessage(LogLevel.Warning, "Password refused from {Address}, account {StaffId}")]
    private partial void Refused(string address, Guid? staffId);

    [LoggerMessage(LogLevel.Warning, "Second factor of {StaffId} refused from {Address}")]
    private partial void FactorRefused(string address, Guid staffId);

    [LoggerMessage(LogLevel.Warning, "Sign-in slowed down from {Address}")]
    private partial void Slowed(string address);
}
