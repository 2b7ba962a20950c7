namespace PropertyServiceDesk.Domain.Rules;

/// <summary>A way to somebody outside the program.</summary>
public enum MessageChannel
{
    Sms,
    Email,
    WeChat,

    /// <summary>The owner app, or the company's own one for its staff.</summary>
    App,

    /// <summary>A robot of a group in 企业微信.</summary>
    WeCom,

    /// <summary>A robot of a group in 钉钉.</summary>
    DingTalk,

    /// <summary>Staff see it where they work; nothing is sent. Only where no other way leads to them.</summary>
    Screen,
}

/// <summary>Whom a message is for.</summary>
public enum RecipientKind
{
    Customer,

    /// <summary>Whoever reported the request, where no customer is known.</summary>
    Reporter,
    Staff,
    Role,
}

/// <summary>Why a message is not sent any more. The first four wait for the desk; the others are the end of it.</summary>
public enum ParkedWhy
{
    /// <summary>There is no configured way to this recipient.</summary>
    NoChannel,

    /// <summary>Every way was tried as often as it may be, or refused it for good.</summary>
    Exhausted,

    /// <summary>It was taken, and came back.</summary>
    Bounced,

    /// <summary>There are no words for it.</summary>
    Unrenderable,

    /// <summary>What it asks is answered already.</summary>
    Moot,

    /// <summary>The desk decided so.</summary>
    Discarded,
}

/// <summary>Where a message stands.</summary>
public enum MessageState
{
    /// <summary>It is sent as soon as its time has come.</summary>
    Waiting,
    Sent,

    /// <summary>It could not be delivered; the desk decides.</summary>
    Parked,

    /// <summary>It is not sent, and nothing is to be done about it.</summary>
    Ended,
}

/// <summary>What a message that came in is.</summary>
public enum InboundKind
{
    /// <summary>A reply by digit to an open question.</summary>
    Answer,

    /// <summary>Words about an open request.</summary>
    Note,

    /// <summary>Nobody's open matter: the desk decides whether it is a new request.</summary>
    ToConfirm,

    /// <summary>An automatic reply. It changes nothing.</summary>
    Automatic,

    /// <summary>A message of ours came back.</summary>
    Bounce,

    /// <summary>One of our own messages. It changes nothing.</summary>
    Own,
}

/// <summary>By which way a message came in.</summary>
public enum InboundChannel
{
    Sms,
    Email,
}
