using System.Collections.Frozen;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Whether the role table lets a caller send a command to a thing: asked before a move is listed among those that are allowed now.</summary>
internal static class OpenTo
{
    private static readonly FrozenDictionary<Type, RoleRow> Rows = RoleTable.Rows.ToFrozenDictionary(r => r.What);

    /// <param name="command">What is sent to make the move; null for a move that nobody sends.</param>
    /// <param name="theirs">Whether it is the caller's own, for those who are let at no more.</param>
    public static bool Caller(Caller caller, Guid communityId, Type? command, bool theirs = true) =>
        command is not null
        && Rows[command] is var row
        && (caller.Actor.Has(communityId, row.Everywhere) || (theirs && caller.Actor.Has(communityId, row.Own)))
        && !(caller.Actor.Kind == ActorKind.System && command.IsAssignableTo(typeof(IByAPerson)));
}
