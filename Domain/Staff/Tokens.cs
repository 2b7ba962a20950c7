using FluentValidation;

namespace PropertyServiceDesk.Domain.Staff;

/// <summary>A token for another system: what it may do where, and until when. Its secret is made by the host, shown once, and stored as a hash.</summary>
/// <param name="Name">1–100 characters: which system it is for.</param>
/// <param name="Roles">1–200 pairs of a community and a role (clerk, customerOfficer, manager, system): what it may do, and where.</param>
/// <param name="ExpiresAt">In the future, within 366 days.</param>
[AllowedTo(Plumbing.Roles.Administrator)]
public sealed record MakeToken(string Name, IReadOnlyList<RoleIn> Roles, DateTimeOffset ExpiresAt) : ICommand<TokenReply>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>Made by the host.</summary>
    [JsonIgnore]
    public NewToken? Secret { get; init; }

    public sealed class Validator : AbstractValidator<MakeToken>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Roles).Must(r => r.Count is >= 1 and <= 200 && r.Distinct().Count() == r.Count).WithErrorCode("roles.none").WithMessage("Name at least one role, each once.");
            RuleFor(c => c.Roles)
                .Must(r => r.All(x => x.Role is Plumbing.Roles.Clerk or Plumbing.Roles.CustomerOfficer or Plumbing.Roles.Manager or Plumbing.Roles.System))
                .WithErrorCode("token.not_for_this_role")
                .WithMessage("A token is for clerk, customerOfficer, manager or system: crews and administrators are people.");
        }
    }

    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, Accounts accounts, EventLog log) : IRequestHandler<MakeToken, TokenReply>
    {
        private const string Write = """
            insert into api_token (token_id, name, token_hash, created_at, created_by, expires_at)
            values (@TokenId, @Name, @Hash, @Now, @By, @ExpiresAt);

            insert into api_token_role (community_id, token_id, role)
            select r.community_id, @TokenId, r.role
            from unnest(@Communities::uuid[], @Words::text[]) r (community_id, role);
            """;

        public async Task<TokenReply> Handle(MakeToken command, CancellationToken cancellationToken)
        {
            var communities = command.Roles.Select(r => r.CommunityId).Distinct().Order().ToArray();
            foreach (var community in communities)
            {
                accounts.MustBeKnown(community);
                caller.MustBeAllowedIn(community);
            }

            var now = clock.Now();
            if (command.ExpiresAt <= now || command.ExpiresAt > now + Longest)
            {
                throw new Refused.Invalid("token.expires_at_out_of_range", "A token expires in the future, within a year.", "expiresAt");
            }

            var secret = command.Secret ?? throw new InvalidOperationException("The host makes the secret.");
            await db.Run(
                Write,
                new
                {
                    secret.TokenId,
                    command.Name,
                    secret.Hash,
                    Now = now,
                    By = caller.Actor.Id,
                    command.ExpiresAt,
                    Communities = command.Roles.Select(r => r.CommunityId).ToArray(),
                    Words = EnumWord.All(command.Roles.Select(r => r.Role)),
                },
                cancellationToken);
            foreach (var community in communities)
            {
                log.Write(
                    community,
                    SubjectKind.Token,
                    secret.TokenId,
                    Happening.TokenMade,
                    new { roles = command.Roles.Where(r => r.CommunityId == community).Select(r => r.Role), command.ExpiresAt },
                    visibility: Visibility.Desk);
            }

            return new TokenReply(secret.TokenId);
        }
    }
}

/// <param name="TokenId">Chosen by the host, which knows by it whether it was this secret that was stored.</param>
public sealed record NewToken(Guid TokenId, byte[] Hash);

public sealed record TokenReply(Guid TokenId);

/// <summary>A token is no good from now on. By an administrator of any community where it may do something.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record RevokeToken([property: JsonIgnore] Guid TokenId) : ICommand<TokenReply>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<RevokeToken, TokenReply>
    {
        private const string Where = """
            select distinct r.community_id
            from api_token_role r
            where r.token_id = @TokenId and r.community_id = any (@Communities)
            """;

        private const string Write = """
            update api_token
            set revoked_at = @Now, revoked_by = @By
            where token_id = @TokenId and revoked_at is null
            """;

        public async Task<TokenReply> Handle(RevokeToken command, CancellationToken cancellationToken)
        {
            var communities = await db.List<Guid>(Where, new { command.TokenId, Communities = caller.Actor.CommunitiesWith(caller.Allowed).ToArray() }, cancellationToken);
            if (communities.Count == 0)
            {
                throw new Refused.NotFound("token");
            }

            if (await db.Run(Write, new { command.TokenId, By = caller.Actor.Id, Now = clock.Now() }, cancellationToken) == 0)
            {
                throw new Refused.Conflict("token.revoked_already", "This token is revoked already.");
            }

            foreach (var community in communities.Order())
            {
                log.Write(community, SubjectKind.Token, command.TokenId, Happening.TokenRevoked, visibility: Visibility.Desk);
            }

            return new TokenReply(command.TokenId);
        }
    }
}

/// <summary>The tokens that may do something where the caller is administrator, the newest first; of each only what it may do there.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record ListTokens : IQuery<IReadOnlyList<TokenLine>>
{
    internal sealed class Handler(Db db, Caller caller) : IRequestHandler<ListTokens, IReadOnlyList<TokenLine>>
    {
        private const string Read = """
            select t.token_id, t.name, t.created_at, s.display_name as created_by, t.expires_at, t.revoked_at, t.last_used_at, t.last_address,
                array(select r.community_id || ':' || r.role from api_token_role r where r.token_id = t.token_id and r.community_id = any (@Communities) order by 1) as roles
            from api_token t
            left join staff s on s.staff_id = t.created_by
            where t.token_id in (select r.token_id from api_token_role r where r.community_id = any (@Communities))
            order by t.created_at desc, t.token_id
            limit 500
            """;

        private sealed record Row(
            Guid TokenId, string Name, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, string? LastAddress, string[] Roles);

        public async Task<IReadOnlyList<TokenLine>> Handle(ListTokens query, CancellationToken cancellationToken) =>
        [
            .. (await db.List<Row>(Read, new { Communities = caller.CommunitiesFor() }, cancellationToken))
                .Select(t => new TokenLine(t.TokenId, t.Name, Holding.Roles(t.Roles), t.CreatedAt, t.CreatedBy, t.ExpiresAt, t.RevokedAt, t.LastUsedAt, t.LastAddress)),
        ];
    }
}

/// <param name="CreatedBy">Null: by somebody who works elsewhere.</param>
/// <param name="LastUsedAt">To the minute.</param>
public sealed record TokenLine(
    Guid TokenId, string Name, IReadOnlyList<RoleIn> Roles, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt, string? LastAddress);
