namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What somebody asks of the desk.</summary>
public enum RequestKind
{
    Repair,
    Complaint,
    Inquiry,
    Suggestion,
    Praise,
}

/// <summary>How soon it must be looked after; the most urgent first.</summary>
public enum Priority
{
    Danger,
    Urgent,
    Normal,
    Low,
}

/// <summary>One of the four trades below the centre.</summary>
public enum Crew
{
    Engineering,
    Environment,
    Security,
    Administration,
}

/// <summary>What a clock waits for. The words are those of the SLA profile.</summary>
public enum ClockKind
{
    /// <summary>Somebody is sent: an order is given to a team or to a person.</summary>
    Dispatch,

    /// <summary>The crew says yes; for a complaint, a person in charge is named.</summary>
    Accept,

    /// <summary>Somebody stands at the place.</summary>
    Arrive,

    /// <summary>Nobody is in danger any more.</summary>
    Safe,

    /// <summary>The damage does not grow any more.</summary>
    Controlled,

    /// <summary>The owner hears from a person, not from a machine.</summary>
    FirstReply,

    /// <summary>The owner holds an answer in writing.</summary>
    WrittenReply,

    /// <summary>A time has been agreed with the owner.</summary>
    Arranged,

    Finish,

    /// <summary>The owner has been asked whether it is solved.</summary>
    Feedback,
}
