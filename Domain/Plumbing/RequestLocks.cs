namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>
/// What comes to light only after the lock of a fault or an order: requests that were joined while we waited for it. Their lock stands
/// before ours in the order, so that it must not be waited for; but whoever joined them has committed, so as a rule it is free.
/// </summary>
internal static class RequestLocks
{
    private const string Take = """
        select request_id
        from request
        where request_id = any (@RequestIds)
        order by request_id
        for no key update skip locked
        """;

    /// <exception cref="LockSetChanged">One of them is held by somebody else: let go of everything and start again.</exception>
    public static async Task TakeRest(Db db, IReadOnlyCollection<Guid> locked, IReadOnlyCollection<Guid> needed, CancellationToken ct)
    {
        var rest = needed.Except(locked).ToArray();
        if (rest.Length > 0 && (await db.List<Guid>(Take, new { RequestIds = rest }, ct)).Count < rest.Length)
        {
            throw new LockSetChanged();
        }
    }
}
