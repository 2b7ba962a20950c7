namespace PropertyServiceDesk.Domain.Rules;

/// <summary>How a request reached the desk.</summary>
public enum Channel
{
    Phone,
    WalkIn,
    Web,
    WeChat,
    Email,
    Letter,
    Fax,
    Qr,
    App,
    SocialMedia,
    Api,
    Staff,
}

/// <summary>How a request was finished.</summary>
public enum Outcome
{
    Resolved,
    Answered,

    /// <summary>We cannot do it: the owner was shown the way to who can.</summary>
    Referred,

    /// <summary>It is not reasonable: the owner was told why not.</summary>
    Explained,
    Withdrawn,
    Duplicate,
}

/// <summary>Who bears the cost.</summary>
public enum Payer
{
    Free,
    Owner,
    Warranty,
    MaintenanceFund,
    Contractor,
}

public enum HoldReason
{
    Parts,
    Customer,
    ThirdParty,
    Weather,
    Other,
}

/// <summary>What shows that an absent customer was looked for.</summary>
public enum HoldEvidence
{
    Call,
    Photo,
}

/// <summary>Why the first repair did not hold; chosen by the desk.</summary>
public enum ReworkCause
{
    Workmanship,
    Material,
    Diagnosis,
    OtherFault,
    Misuse,
}

public enum Solved
{
    Yes,
    Partly,
    No,
}

public enum PlaceKind
{
    Community,
    Phase,
    Building,
    Entrance,
    Floor,
    Home,
    Shop,
    ParkingSpace,
    CommonArea,
}

public enum OccupancyRole
{
    Owner,
    Tenant,
    Resident,
}

public enum ContactKind
{
    Phone,
    Email,
    WeChat,
}

public enum PreferredChannel
{
    Phone,
    Sms,
    Email,
    WeChat,
    App,
}

/// <summary>What a photo shows.</summary>
public enum PhotoPurpose
{
    Before,
    After,
    Signature,
    Evidence,
    Other,
}

public enum CallResult
{
    NoAnswer,
    Busy,
    WrongNumber,
    CallLater,
    Answered,
    Refused,

    /// <summary>Nobody was rung: no number is known.</summary>
    NoNumber,
}
