namespace PropertyServiceDesk.Domain.Rules;

/// <summary>What the desk says on the telephone, line by line: the same questions as on the owner's own page, in the owner's language.</summary>
public static class CallScript
{
    /// <param name="name">Null where only a number is known.</param>
    /// <param name="what">What was reported, in the owner's words.</param>
    /// <param name="done">What was done, as far as it was written down.</param>
    public static IReadOnlyList<string> Of(string language, RequestKind kind, string community, string? name, string what, string? done, bool again) => language == "en" ? English(kind, community, name, what, done, again) : Chinese(kind, community, name, what, done, again);

    /// <summary>For the call that is owed after a bad answer: nothing is asked again, and no score is talked about.</summary>
    /// <param name="five">What would have made it a 5, in their words.</param>
    /// <param name="toWork">It was not solved, and goes back to work.</param>
    public static IReadOnlyList<string> AfterABadAnswer(string language, string community, string? name, string what, string? five, bool toWork) => language == "en"
        ? [
            $"Hello{(name is null ? "" : " " + name)}, this is the customer service centre of {community}. It is about what you told us of: {Short(what)}",
            five is null ? "We are sorry that it was not as it should be. What went wrong?" : "We are sorry that it was not as it should be. You said: " + Short(five),
            toWork ? "We come again. When does it suit you?" : "What may we do to put it right?",
            "Thank you for telling us. Goodbye.",
        ]
        : [
            $"您好{(name is null ? "" : "，" + name)}，这里是{community}客户服务中心。关于您反映的：{Short(what)}",
            five is null ? "很抱歉没有让您满意，请问是哪里没做好？" : "很抱歉没有让您满意。您说：" + Short(five),
            toWork ? "我们会再上门处理，请问什么时间方便？" : "请问我们怎样补救您觉得合适？",
            "谢谢您告诉我们，祝您生活愉快。",
        ];

    private static IReadOnlyList<string> Chinese(RequestKind kind, string community, string? name, string what, string? done, bool again) =>
    [
        $"您好{(name is null ? "" : "，" + name)}，这里是{community}客户服务中心，打扰您一分钟，现在方便吗？",
        (again ? "您反映后我们又处理了一次：" : kind == RequestKind.Complaint ? "关于您的投诉：" : "关于您的服务申请：") + Short(what) + (done is null ? "" : "。处理情况：" + Short(done)),
        "请问问题解决了吗？（已解决 / 部分解决 / 没有解决）",
        "您对这次服务满意吗？请打 1 到 5 分，5 分最满意。",
        "（低于 5 分）怎样做您会给 5 分？请照原话记下。",
        "您愿意向邻居推荐我们的服务吗？1 到 5 分，可以不答。",
        "谢谢您，祝您生活愉快。",
    ];

    private static IReadOnlyList<string> English(RequestKind kind, string community, string? name, string what, string? done, bool again) =>
    [
        $"Hello{(name is null ? "" : " " + name)}, this is the customer service centre of {community}. Do you have a minute?",
        (again ? "We worked once more on what you told us: " : kind == RequestKind.Complaint ? "It is about your complaint: " : "It is about your request: ") + Short(what) + (done is null ? "" : ". What was done: " + Short(done)),
        "Is it solved? (yes / partly / no)",
        "How satisfied are you, from 1 to 5, 5 being the best?",
        "(Below 5) What would have made it a 5? Write down their own words.",
        "Would you recommend us to a neighbour, from 1 to 5? Optional.",
        "Thank you. Goodbye.",
    ];

    private static string Short(string text) => text.Length <= 120 ? text : text[..120] + "…";
}
