namespace PropertyServiceDesk.Domain.Rules;

/// <summary>Why a finished request's reporter is not asked. Stored with the round, so that "not asked" is never mistaken for silence.</summary>
public enum NotAskedRule
{
    /// <summary>Nobody left a name or a number.</summary>
    NoReporter,

    /// <summary>Somebody left a name, and nothing by which they could be asked.</summary>
    NameOnly,

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

    /// <summary>Their request joined a fault that others had reported, and the policy does not ask those who joined.</summary>
    JoinedTheFault,

    /// <summary>The person was asked as often as one may within 30 days.</summary>
    TooOften,

    /// <summary>The policy asks a sample, and this one is not in it.</summary>
    NotInSample,
}

/// <summary>A finished request, as far as it decides whether its reporter is asked.</summary>
/// <param name="CanBeAsked">A customer is known, or somebody left a number or an address.</param>
/// <param name="LeftAName">Somebody left a name.</param>
/// <param name="OnTheSpot">Answered while the caller was on the telephone.</param>
/// <param name="HistoryOnly">It came finished from another system.</param>
/// <param name="AskedForTheFault">The same person is asked about another request that the same fault's orders served.</param>
/// <param name="JoinedTheFault">Their request joined a fault whose orders did all that was done about it, and was not what the fault was opened for.</param>
/// <param name="AsksWithinAMonth">How often this person was asked about other requests in the last 30 days.</param>
public sealed record FinishedRequest(
    RequestKind Kind,
    Channel Channel,
    Outcome Outcome,
    bool CanBeAsked,
    bool LeftAName,
    bool OptedOut,
    bool Erased,
    bool OnTheSpot,
    bool HistoryOnly,
    bool AskedForTheFault,
    bool JoinedTheFault,
    int AsksWithinAMonth,
    bool InSample);

/// <summary>Whom not to ask, and by which rule; the first that holds is the one that is stored.</summary>
public static class WhomNotToAsk
{
    /// <summary>
    /// Whether the desk may close with its answer, while the caller is on the telephone. Whether something is fixed, and whether somebody
    /// who complained is content, is the owner's word, and is asked for; a danger is rung about, whatever it was registered as.
    /// </summary>
    public static bool MayEndOnTheSpot(RequestKind kind, Priority priority) => priority != Priority.Danger && kind switch
    {
        RequestKind.Inquiry or RequestKind.Suggestion or RequestKind.Praise => true,
        RequestKind.Repair or RequestKind.Complaint => false,
    };

    public static NotAskedRule? Rule(FinishedRequest about, FeedbackPlan plan, FeedbackRules rules) => true switch
    {
        _ when about.HistoryOnly => NotAskedRule.Imported,
        _ when about.Outcome is Outcome.Withdrawn or Outcome.Duplicate => NotAskedRule.Cancelled,
        _ when about.Erased => NotAskedRule.Erased,
        _ when about.Kind is RequestKind.Suggestion or RequestKind.Praise || plan.Way == FeedbackWay.Thank => NotAskedRule.Thanked,
        _ when about.Channel == Channel.Staff => NotAskedRule.StaffRequest,
        _ when !about.CanBeAsked => about.LeftAName ? NotAskedRule.NameOnly : NotAskedRule.NoReporter,
        _ when about.OptedOut => NotAskedRule.OptedOut,
        _ when about.OnTheSpot => NotAskedRule.AnsweredOnTheSpot,
        _ when about.AskedForTheFault => NotAskedRule.AskedForTheFault,
        _ when about.JoinedTheFault && !plan.Joiners => NotAskedRule.JoinedTheFault,
        _ when plan.Way == FeedbackWay.Sample && !about.InSample => NotAskedRule.NotInSample,
        _ when plan.Call != CallShare.All && about.AsksWithinAMonth >= rules.MostAsksAMonth => NotAskedRule.TooOften,
        _ => null,
    };
}
