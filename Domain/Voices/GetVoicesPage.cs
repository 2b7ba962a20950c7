namespace PropertyServiceDesk.Domain.Voices;

/// <summary>What residents of a community read: what was asked for and what was done, as a manager approved it. No request, no name, no home.</summary>
[AllowedTo(Roles.System)]
public sealed record GetVoicesPage(Guid CommunityId) : IQuery<VoicesPage>
{
    /// <summary>So many, the newest first.</summary>
    public const int Most = 100;

    internal sealed class Handler(Db db) : IRequestHandler<GetVoicesPage, VoicesPage>
    {
        private const string Read = """
            select m.name as community_name, m.name_en as community_name_en, m.time_zone
            from community m
            where m.community_id = @CommunityId;

            select v.asked, v.done, v.asked_en, v.done_en, v.approved_at
            from voice v
            where v.community_id = @CommunityId and v.state = 'published'
            order by v.approved_at desc, v.voice_id desc
            limit @Most;
            """;

        private sealed record Row(string CommunityName, string CommunityNameEn, string TimeZone);

        public async Task<VoicesPage> Handle(GetVoicesPage query, CancellationToken cancellationToken)
        {
            using var read = await db.Several(Read, new { query.CommunityId, Most }, cancellationToken);
            var row = await read.ReadSingleOrDefaultAsync<Row>() ?? throw new Refused.NotFound("community");
            return new VoicesPage(row.CommunityName, row.CommunityNameEn, row.TimeZone, (await read.ReadAsync<PublishedVoice>()).AsList());
        }
    }
}

public sealed record VoicesPage(string CommunityName, string CommunityNameEn, string TimeZone, IReadOnlyList<PublishedVoice> Voices);

public sealed record PublishedVoice(string Asked, string Done, string? AskedEn, string? DoneEn, DateTimeOffset ApprovedAt);
