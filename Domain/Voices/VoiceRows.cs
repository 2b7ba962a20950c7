using FluentValidation;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Voices;

/// <summary>Why a pairing is not there any more.</summary>
public enum VoiceWithdrawnWhy
{
    ByManager,

    /// <summary>The complaint that it came from became confidential.</summary>
    Confidential,

    /// <summary>The person whose matter it was is forgotten; so are the words.</summary>
    Forgotten,
}

/// <summary>What a command on a pairing answers: where it stands now, and what may follow.</summary>
public sealed record VoiceReply(Guid VoiceId, VoiceState State, int Version, IReadOnlyList<VoiceMove> AllowedMoves)
{
    internal static VoiceReply Of(Guid voiceId, VoiceState state, int version) => new(voiceId, state, version, VoiceLifecycle.AllowedFrom(state));
}

/// <summary>The words of a pairing; in English both or neither.</summary>
internal sealed record VoiceWords(string Asked, string Done, string? AskedEn, string? DoneEn)
{
    /// <summary>As they are stored.</summary>
    public static VoiceWords Of(string asked, string done, string? askedEn, string? doneEn) =>
        new(PlainText.Normalise(asked), PlainText.Normalise(done), askedEn is null ? null : PlainText.Normalise(askedEn), doneEn is null ? null : PlainText.Normalise(doneEn));

    public IEnumerable<string?> All => [Asked, Done, AskedEn, DoneEn];

    public override string ToString() => string.Join('\n', All.Where(w => w is not null));
}

internal static class VoiceRules
{
    public const int Longest = 500;

    /// <summary>Plain, and without what everybody could ring or write to.</summary>
    public static void ForEverybody<T>(this IRuleBuilderInitial<T, string?> rule, bool optional)
    {
        var words = optional ? rule.OptionalPlainText(Longest) : rule.PlainText(Longest);
        words
            .Must(text => !PersonalTraces.HasNumber(text)).WithErrorCode("voice.phone_number").WithMessage("There is a number in it that could be somebody's telephone. Everybody will read this: leave it out.")
            .Must(text => !PersonalTraces.HasAddress(text)).WithErrorCode("voice.email_address").WithMessage("There is an e-mail address in it. Everybody will read this: leave it out.");
    }
}

/// <summary>A pairing as the running command holds it, locked after its request.</summary>
internal sealed record LockedVoice(Guid VoiceId, VoiceState State, string Asked, string Done, string? AskedEn, string? DoneEn, int Version)
{
    public VoiceWords Words => new(Asked, Done, AskedEn, DoneEn);
}

/// <summary>What the commands on pairings share: the locks, what may be said to everybody, and the log, which tells it of the request.</summary>
internal sealed class VoiceSources(Db db, Caller caller, EventLog log)
{
    private const string Which = """
        select request_id
        from voice
        where voice_id = @VoiceId and community_id = any ((select scope_communities())::uuid[])
        """;

    private const string Lock = """
        select voice_id, state, asked, done, asked_en, done_en, version
        from voice
        where voice_id = @VoiceId and community_id = @CommunityId
        for no key update
        """;

    private const string Known = """
        select r.description, r.reporter_name, r.on_behalf_of, c.name as customer_name, case when p.kind in ('home', 'shop', 'parkingSpace') then p.full_code end as home_code,
            case when p.kind in ('home', 'shop', 'parkingSpace') then p.name end as home_name, case when p.kind in ('home', 'shop', 'parkingSpace') then p.name_en end as home_name_en
        from request r
        left join customer c on c.community_id = r.community_id and c.customer_id = r.customer_id
        left join place p on p.community_id = r.community_id and p.place_id = r.place_id
        where r.community_id = @CommunityId and r.request_id = @RequestId;

        select f.made_it_five, f.spoke_with
        from feedback f
        where f.community_id = @CommunityId and f.request_id = @RequestId;
        """;

    private sealed record Person(string Description, string? ReporterName, string? OnBehalfOf, string? CustomerName, string? HomeCode, string? HomeName, string? HomeNameEn);

    private sealed record Round(string? MadeItFive, string? SpokeWith);

    /// <exception cref="Refused.NotFound">There is none, or its request must not be found by the caller.</exception>
    public async Task<(LockedRequest Request, LockedVoice Voice)> Take(Guid voiceId, CancellationToken ct)
    {
        var requestId = await db.Find<Guid?>(Which, new { VoiceId = voiceId }, ct) ?? throw new Refused.NotFound("voice");
        var request = await LockedRequest.Of(db, requestId, ct, "voice");
        caller.MustBeAllowedIn(request.CommunityId);
        return (request, await db.Single<LockedVoice>(Lock, new { VoiceId = voiceId, request.CommunityId }, ct));
    }

    /// <summary>The request is finished and nobody's secret, and the words name nobody.</summary>
    public async Task MustBeFit(LockedRequest request, VoiceWords words, CancellationToken ct)
    {
        if (request.Confidential)
        {
            throw new Refused.Conflict("voice.confidential", "This complaint is confidential: nothing is ever said from it to everybody.");
        }

        if (request.Status is not (RequestStatus.AwaitingFeedback or RequestStatus.Closed))
        {
            throw new Refused.Conflict("voice.not_finished", "This request is not finished. Say what was done once it is.");
        }

        using var read = await db.Several(Known, new { request.CommunityId, request.RequestId }, ct);
        var person = await read.ReadSingleAsync<Person>();
        var rounds = (await read.ReadAsync<Round>()).AsList();
        if (person.Description.Length == 0)
        {
            throw new Refused.Conflict("voice.forgotten", "The person whose request this was is forgotten. Nothing is said from it.");
        }

        MustNameNobody(words, person, rounds);
    }

    private static void MustNameNobody(VoiceWords words, Person person, List<Round> rounds)
    {
        foreach (var (field, text) in new[] { ("asked", words.Asked), ("done", words.Done), ("askedEn", words.AskedEn), ("doneEn", words.DoneEn) })
        {
            if (PersonalTraces.Names(text, [person.CustomerName, person.ReporterName, person.OnBehalfOf, .. rounds.Select(r => r.SpokeWith)]))
            {
                throw new Refused.Invalid("voice.names_somebody", "It names the person whose request this was. Everybody will read this: leave the name out.", field);
            }

            if (PersonalTraces.Names(text, [person.HomeCode, person.HomeName, person.HomeNameEn]))
            {
                throw new Refused.Invalid("voice.names_the_home", "It names the home. Everybody will read this: say the building at most.", field);
            }

            if (PersonalTraces.IsCopyOf(text, [person.Description, .. rounds.Select(r => r.MadeItFive)]))
            {
                throw new Refused.Invalid("voice.copied", "These are the owner's own words. Everybody will read this: say it in yours.", field);
            }
        }
    }

    public void Tell(LockedRequest request, Guid voiceId, Happening what, VoiceState state, int version, DateTimeOffset at, VoiceWords? words = null, VoiceWithdrawnWhy? why = null, string? reason = null) =>
        Tell(request.CommunityId, request.RequestId, voiceId, what, state, version, at, words, why, reason);

    /// <summary>It is told of the request: whoever may not find that one finds this neither, and what is forgotten of it is forgotten here.</summary>
    public void Tell(Guid communityId, Guid requestId, Guid voiceId, Happening what, VoiceState state, int version, DateTimeOffset at, VoiceWords? words = null, VoiceWithdrawnWhy? why = null, string? reason = null) =>
        log.Write(communityId, SubjectKind.Request, requestId, what, new { voiceId, state, version, why }, words?.ToString() ?? reason, Visibility.Desk, at);
}
