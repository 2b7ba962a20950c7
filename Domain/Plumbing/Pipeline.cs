using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentValidation;
using MediatR;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Imports;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>The caller's role first: somebody who holds no role anywhere that allows this is told so before anything is read; and so is a system, of what only people do.</summary>
internal sealed class AllowedFirst<TRequest, TResult>(Caller caller) : IPipelineBehavior<TRequest, TResult>
    where TRequest : notnull
{
    private static readonly RoleRow Row = RoleTable.Of(typeof(TRequest));

    public Task<TResult> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResult> next)
    {
        (caller.Allowed, caller.AllowedEverywhere) = (Row.All, Row.Everywhere);
        if (request is not IOwnAccount && !caller.Actor.CommunitiesWith(Row.All).Any())
        {
            throw new Refused.Forbidden("role.not_allowed", "Your role does not allow this.");
        }

        return request is IByAPerson && caller.Actor.Kind == ActorKind.System
            ? throw new Refused.Forbidden("role.person_needed", "A person must do this: it is written down who it was.")
            : next();
    }
}

/// <summary>Field rules before any transaction; all faults at once, each with its field and a stable code. What has none goes on with its texts as they are stored.</summary>
internal sealed class ValidateFirst<TRequest, TResult>(IEnumerable<IValidator<TRequest>> validators) : IPipelineBehavior<TRequest, TResult>
    where TRequest : notnull
{
    public Task<TResult> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResult> next)
    {
        var texts = new JudgedTexts();
        var faults = validators
            .SelectMany(v => v.Validate(Judging(request, texts)).Errors)
            .Select(e => new Fault(FieldNames.Path(e.PropertyName), e.ErrorCode.Contains('.', StringComparison.Ordinal) ? e.ErrorCode : CodeOf(e.ErrorCode), e.ErrorMessage))
            .ToList();
        if (faults.Count > 0)
        {
            throw new Refused.Invalid(faults);
        }

        texts.Put();
        return next();
    }

    private static ValidationContext<TRequest> Judging(TRequest request, JudgedTexts texts)
    {
        var context = new ValidationContext<TRequest>(request);
        texts.Of(context);
        return context;
    }

    /// <summary>The library's validator names become codes of ours: <c>NotEmptyValidator</c> is <c>field.not_empty</c>.</summary>
    private static string CodeOf(string validator) =>
        "field." + JsonNamingPolicy.SnakeCaseLower.ConvertName(validator.Replace("Validator", "", StringComparison.Ordinal));
}

internal static class FieldNames
{
    /// <summary>The path of a field as it is in a body: <c>orders[0].whatToDo</c>.</summary>
    public static string Path(string property) => string.Join('.', property.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
}

/// <summary>Another transaction joined a request to the order between our two looks: the locks taken are not all that are needed. Start again.</summary>
internal sealed class LockSetChanged : Exception
{
    public LockSetChanged()
        : base("The set of requests to lock changed.")
    {
    }
}

/// <summary>
/// All of a command happens, or none of it: the idempotency key first, the events last, then commit, in the scope of the communities
/// where the caller has a role, or of the one that the command names. A query runs in a read-only transaction, in the scope of the
/// communities where the caller's role allows it.
/// </summary>
internal sealed class InTransaction<TRequest, TResult>(Db db, Caller caller, EventLog log, TakenUp takenUp, DispatchClocks dispatch, TimeProvider clock) : IPipelineBehavior<TRequest, TResult>
    where TRequest : notnull
{
    private const string Claim = """
        insert into idempotency_key (actor_id, key, command, body_hash, created_at)
        values (@ActorId, @Key, @Command, @BodyHash, @Now)
        on conflict (actor_id, key) do nothing
        """;

    private const string Earlier = """
        select body_hash, reply
        from idempotency_key
        where actor_id = @ActorId and key = @Key
        """;

    private const string Complete = """
        update idempotency_key
        set reply = @Reply
        where actor_id = @KeyOf and key = @Key
        """;

    private const int Tries = 10;

    /// <summary>A command that names its community works in that one alone.</summary>
    private static readonly Func<TRequest, Guid>? Named = typeof(TRequest).GetProperty("CommunityId") is { } named && named.PropertyType == typeof(Guid) && !typeof(TRequest).IsAssignableTo(typeof(IAcrossCommunities))
        ? named.GetMethod!.CreateDelegate<Func<TRequest, Guid>>()
        : null;

    private sealed record Kept(byte[] BodyHash, string? Reply);

    public async Task<TResult> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResult> next)
    {
        var reading = request is not ICommand<TResult>;
        var scope = reading
            ? caller.Actor.CommunitiesWith(caller.Allowed).ToArray()
            : caller.Actor.CommunitiesWith((Roles)~0).Where(c => Named is null || c == Named(request)).ToArray();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await db.InTransaction(reading, scope, () => reading ? next() : Once(request, next, cancellationToken), cancellationToken);
            }
            catch (Exception e) when (MayStartAgain(e, attempt) && !cancellationToken.IsCancellationRequested)
            {
                log.Forget();
            }
        }
    }

    /// <summary>
    /// A connection that was lost is replaced once: the database may be away, and that the caller shall hear soon. What the loss is told as
    /// does not matter; a fault of the driver comes as a bare exception.
    /// </summary>
    private bool MayStartAgain(Exception e, int attempt) => e switch
    {
        LockSetChanged or PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected } => attempt < Tries,
        Refused => false,
        _ => attempt == 1 && db.LostBeforeCommit,
    };

    private async Task<TResult> Once(TRequest request, RequestHandlerDelegate<TResult> next, CancellationToken ct)
    {
        if (caller.IdempotencyKey is not { } key || request is IShowsPersonalData)
        {
            var result = await next();
            await takenUp.WriteDown(ct);
            await dispatch.Settle(ct);
            await log.Flush(db, null, null, ct);
            return result;
        }

        var mine = new { ActorId = caller.Actor.Id, Key = key };
        var hash = BodyHash(request);
        var claimed = await db.Run(Claim, new { mine.ActorId, mine.Key, Command = typeof(TRequest).Name, BodyHash = hash, Now = clock.Now() }, ct);
        if (claimed == 0)
        {
            var kept = await db.Single<Kept>(Earlier, mine, ct);
            return hash.AsSpan().SequenceEqual(kept.BodyHash)
                ? JsonSerializer.Deserialize<TResult>(kept.Reply!, Json.Options)!
                : throw new Refused.Invalid("idempotency_key.other_body", "This Idempotency-Key was used for something else. Use a new one.");
        }

        var reply = await next();
        await takenUp.WriteDown(ct);
        await dispatch.Settle(ct);
        await log.Flush(db, Complete, new { KeyOf = mine.ActorId, mine.Key, Reply = JsonSerializer.Serialize(reply, Json.Options) }, ct);
        return reply;
    }

    private byte[] BodyHash(TRequest request) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(caller.Route + "\n" + caller.IfMatch + "\n" + JsonSerializer.Serialize(request, Json.Options)));
}
