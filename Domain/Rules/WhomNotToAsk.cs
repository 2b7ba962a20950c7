namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Why a finished request's reporter is not asked. Stored with the round, so that "not asked" is never mistaken for silence.</summary>
public enum NotAskedRule
{
    /// <summary>Nobody left a name or a number.</summary>
    NoReporter,

    /// <summary>Staff reported it themselves.</summary>
    StaffRequest,

    /// <summary>Withdrawn, or a duplicate of another one.</summary>
    Cancelled,

    /// <summary>Suggestions and praise are thanked for.</summary>
    Thanked,

    /// <summary>The customer asked not to be asked.</summary>
    OptedOut,

    /// <summary>Answered while the caller was on the telephone: they said whether it helped.</summary>
    AnsweredOnTheSpot,

    /// <summary>History from another system.</summary>
    Imported,

    /// <summary>The person was erased.</summary>
    Erased,

    /// <summary>The same person is asked about another of their requests, which the same fault's orders served.</summary>
    AskedForTheFault,
}

/// <summary>Whom not to ask, and by which rule; the first that holds is the one that is stored.</summary>
public static class WhomNotToAsk
{
    public static NotAskedRule? Rule(
        RequestKind kind, Channel channel, Outcome outcome, bool hasReporter, bool optedOut, bool erased, bool onTheSpot, bool historyOnly, bool askedForTheFault) => true switch
    {
        _ when historyOnly => NotAskedRule.Imported,
        _ when outcome is Outcome.Withdrawn or Outcome.Duplicate => NotAskedRule.Cancelled,
        _ when erased => NotAskedRule.Erased,
        _ when kind is RequestKind.Suggestion or RequestKind.Praise => NotAskedRule.Thanked,
        _ when channel == Channel.Staff => NotAskedRule.StaffRequest,
        _ when !hasReporter => NotAskedRule.NoReporter,
        _ when optedOut => NotAskedRule.OptedOut,
        _ when onTheSpot => NotAskedRule.AnsweredOnTheSpot,
        _ when askedForTheFault => NotAskedRule.AskedForTheFault,
        _ => null,
    };
}
