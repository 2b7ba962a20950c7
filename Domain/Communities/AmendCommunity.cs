using FluentValidation;

namespace PropertyServiceDesk.Domain.Communities;

/// <summary>What a community is called from now on, on every screen, in messages and on the owners' pages. Its code and its time zone stay: files, links and due times go by them.</summary>
[AllowedTo(Roles.Administrator)]
public sealed record AmendCommunity([property: JsonIgnore] Guid CommunityId, string Name, string NameEn, int? Version = null) : ICommand<CommunityReply>
{
    public sealed class Validator : AbstractValidator<AmendCommunity>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Name).OneLine();
            RuleFor(c => c.NameEn).PlainText(100);
            RuleFor(c => c.NameEn).OneLine();
        }
    }

    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<AmendCommunity, CommunityReply>
    {
        private const string Read = """
            select c.version
            from community c
            where c.community_id = @CommunityId
            for no key update of c
            """;

        private const string Write = """
            update community
            set name = @Name, name_en = @NameEn, version = version + 1
            where community_id = @CommunityId;

            update place
            set name = @Name, name_en = @NameEn, version = version + 1
            where community_id = @CommunityId and parent_id is null;
            """;

        public async Task<CommunityReply> Handle(AmendCommunity command, CancellationToken cancellationToken)
        {
            caller.CommunitiesFor(command.CommunityId);
            var version = await db.Find<int?>(Read, new { command.CommunityId }, cancellationToken) ?? throw new Refused.NotFound("community");
            caller.MustKnowVersion("community", version, command.Version);
            var name = command.Name;
            await db.Run(Write, new { command.CommunityId, Name = name, command.NameEn }, cancellationToken);
            log.Write(command.CommunityId, SubjectKind.Community, command.CommunityId, Happening.CommunityAmended, new { version = version + 1 }, name, Visibility.Desk);
            return new CommunityReply(command.CommunityId, version + 1);
        }
    }
}

/// <summary>A community as it stands after a change.</summary>
public sealed record CommunityReply(Guid CommunityId, int Version);
