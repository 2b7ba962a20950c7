namespace PropertyServiceDesk.Domain.Communities;

/// <summary>A place to be written.</summary>
internal sealed record WrittenPlace(Guid PlaceId, Guid ParentId, PlaceKind Kind, string Code, string FullCode, string Name, string? NameEn, Guid? BuildingId);

/// <summary>Many places at once, with what each is found by.</summary>
internal static class PlaceRows
{
    // The server looks up what a place is in with a plan that it keeps for the connection: one that was made while the community had few
    // places reads all of them for each new one. Discarded, it is made anew by how many there are.
    private const string Insert = """
        discard plans;

        insert into place (community_id, place_id, parent_id, kind, code, full_code, name, name_en, building_id)
        select @CommunityId, p.id, p.parent, p.kind, p.code, p.full_code, p.name, p.name_en, p.building
        from unnest(@Ids::uuid[], @ParentIds::uuid[], @Kinds::text[], @Codes::text[], @FullCodes::text[], @Names::text[], @NamesEn::text[], @Buildings::uuid[])
            p (id, parent, kind, code, full_code, name, name_en, building);

        insert into search_token (community_id, token, kind, id)
        select @CommunityId, t.token, 'place', t.id
        from unnest(@Tokens::text[], @TokenIds::uuid[]) t (token, id);
        """;

    /// <exception cref="Refused.Conflict">Another one has a full code of them.</exception>
    public static async Task Write(Db db, Guid communityId, IReadOnlyList<WrittenPlace> places, CancellationToken ct)
    {
        var tokens = places.SelectMany(p => SearchTokens.ForHome(p.FullCode).Select(t => (Token: t, p.PlaceId))).ToArray();
        try
        {
            await db.Run(
                Insert,
                new
                {
                    CommunityId = communityId,
                    Tokens = tokens.Select(t => t.Token).ToArray(),
                    TokenIds = tokens.Select(t => t.PlaceId).ToArray(),
                    Ids = places.Select(p => p.PlaceId).ToArray(),
                    ParentIds = places.Select(p => p.ParentId).ToArray(),
                    Kinds = places.Select(p => EnumWord.Of(p.Kind)).ToArray(),
                    Codes = places.Select(p => p.Code).ToArray(),
                    FullCodes = places.Select(p => p.FullCode).ToArray(),
                    Names = places.Select(p => p.Name).ToArray(),
                    NamesEn = places.Select(p => p.NameEn).ToArray(),
                    Buildings = places.Select(p => p.BuildingId).ToArray(),
                },
                ct);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "place_code_is_unique" })
        {
            throw new Refused.Conflict("place.code_taken", "One of these places is there already.");
        }
    }
}
