namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>The desk says no, for a reason that the caller can understand. The only exceptions that hosts translate.</summary>
/// <param name="code">Stable; clients branch on it, and the web client translates it.</param>
/// <param name="sentence">One that the person at the desk can read out.</param>
public abstract class Refused(string code, string sentence) : Exception(sentence)
{
    public string Code { get; } = code;

    /// <summary>Absent, or in another community: the two are never told apart.</summary>
    public sealed class NotFound(string what) : Refused(what + ".not_found", "There is nothing of that kind with this id.");

    /// <summary>The state forbids it, or somebody else was faster.</summary>
    public sealed class Conflict(string code, string sentence) : Refused(code, sentence);

    /// <summary>The version in <c>If-Match</c> is not the current one.</summary>
    public sealed class Stale(string what, int current) : Refused(what + ".changed_meanwhile", "Somebody else changed this meanwhile. Look again before you change it.")
    {
        public int Current { get; } = current;
    }

    /// <summary>An edit that does not say which version it edits.</summary>
    public sealed class VersionMissing(string what) : Refused(what + ".version_required", "Say which version you are changing: If-Match, or version in the body.");

    /// <summary>More bytes than are accepted here.</summary>
    public sealed class TooLarge(string code, string sentence) : Refused(code, sentence);

    /// <summary>A known community, but not this person's to do.</summary>
    public sealed class Forbidden(string code, string sentence) : Refused(code, sentence);

    /// <summary>What was said cannot be right; <see cref="Faults"/> names the fields.</summary>
    public sealed class Invalid : Refused
    {
        public Invalid(string code, string sentence, string? field = null)
            : base(code, sentence) => Faults = field is null ? [] : [new Fault(field, code, sentence)];

        public Invalid(IReadOnlyList<Fault> faults)
            : base("request.invalid_fields", "Some fields cannot be accepted.") => Faults = faults;

        public IReadOnlyList<Fault> Faults { get; }
    }
}

/// <summary>What is wrong with one field; <paramref name="Field"/> is its path as in the body, for example <c>orders[0].whatToDo</c>.</summary>
public sealed record Fault(string Field, string Code, string Message);
