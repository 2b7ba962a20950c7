using System.Globalization;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;

namespace PropertyServiceDesk.Api.Owner;

/// <summary>One of the two languages of the owner's pages. Each word stands beside its translation, so that neither can be missing.</summary>
internal sealed class Tongue
{
    private static readonly Tongue Chinese = new(false);
    private static readonly Tongue English = new(true);

    private Tongue(bool english) => IsEnglish = english;

    public bool IsEnglish { get; }

    public string Code => IsEnglish ? "en" : "zh-CN";

    public Tongue Other => IsEnglish ? Chinese : English;

    /// <summary>What was chosen on the page; else the customer's own; else the first of the browser's that is one of the two.</summary>
    public static Tongue Of(HttpRequest request, string? customers = null)
    {
        var word = request.Query["lang"].ToString() is var chosen && chosen is "en" or "zh-CN" ? chosen : customers;
        if (word is not null)
        {
            return word == "en" ? English : Chinese;
        }

        return request.GetTypedHeaders().AcceptLanguage.OrderByDescending(w => w.Quality ?? 1)
            .Select(w => w.Value.StartsWith("zh", StringComparison.OrdinalIgnoreCase) ? Chinese : w.Value.StartsWith("en", StringComparison.OrdinalIgnoreCase) ? English : null)
            .FirstOrDefault(t => t is not null) ?? Chinese;
    }

    public string Say(string chinese, string english) => IsEnglish ? english : chinese;

    /// <summary>A name that may have no translation.</summary>
    public string? Name(string? chinese, string? english) => IsEnglish ? english ?? chinese : chinese;

    public static string At(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    public string Of(RequestKind kind) => kind switch
    {
        RequestKind.Repair => Say("报修", "Repair"),
        RequestKind.Complaint => Say("投诉", "Complaint"),
        RequestKind.Inquiry => Say("咨询", "Inquiry"),
        RequestKind.Suggestion => Say("建议", "Suggestion"),
        RequestKind.Praise => Say("表扬", "Praise"),
    };

    public string Of(RequestStatus status) => status switch
    {
        RequestStatus.Received => Say("已受理", "Received"),
        RequestStatus.InProgress => Say("处理中", "In progress"),
        RequestStatus.AwaitingFeedback => Say("待您评价", "Your feedback"),
        RequestStatus.Closed => Say("已闭环", "Closed"),
        RequestStatus.Cancelled => Say("已取消", "Cancelled"),
    };

    public string Of(Solved solved) => solved switch
    {
        Solved.Yes => Say("解决了", "Yes"),
        Solved.Partly => Say("部分解决", "Partly"),
        Solved.No => Say("没解决", "No"),
    };

    public string Of(HoldReason reason) => reason switch
    {
        HoldReason.Parts => Say("等配件", "waiting for parts"),
        HoldReason.Customer => Say("等您方便的时间", "waiting for you"),
        HoldReason.ThirdParty => Say("等第三方", "waiting for somebody else"),
        HoldReason.Weather => Say("因天气", "because of the weather"),
        HoldReason.Other => Say("另有原因", "for another reason"),
    };

    /// <summary>What an owner is told of an event; null for what is nothing to them.</summary>
    public string? Of(Happening what) => what switch
    {
        Happening.RequestReceived => Say("已登记", "Registered"),
        Happening.RequestRescheduled => Say("预约时间有变", "The appointment was changed"),
        Happening.RequestNoted => Say("留言", "A note"),
        Happening.PromiseMade => Say("我们承诺", "We promised"),
        Happening.PromiseKept => Say("承诺已兑现", "We kept our promise"),
        Happening.FirstReplyGiven => Say("我们的回复", "Our reply"),
        Happening.WrittenReplyGiven => Say("书面答复", "Our written reply"),
        Happening.RequestAnswered => Say("已答复", "Answered"),
        Happening.RequestReferred => Say("已为您转介", "We showed you who can help"),
        Happening.RequestExplained => Say("已说明情况", "Explained"),
        Happening.RequestUrged => Say("您催了一次", "You urged us"),
        Happening.RequestFinished => Say("全部完工", "All work is done"),
        Happening.RequestClosed => Say("已闭环", "Closed"),
        Happening.RequestCancelled => Say("已取消", "Cancelled"),
        Happening.ReworkReported => Say("未解决，重新处理", "Not solved: we look at it again"),
        Happening.TakenAsNewRequest => Say("已作为新的申请登记", "Registered as a new request"),
        Happening.WorkDispatched => Say("已派单", "Given to a crew"),
        Happening.WorkAccepted => Say("已接单", "Accepted by the crew"),
        Happening.WorkArrived => Say("人员到场", "Somebody has arrived"),
        Happening.WorkHeld => Say("暂时挂起", "On hold"),
        Happening.WorkResumed => Say("继续处理", "Work goes on"),
        Happening.WorkCompleted => Say("完工", "Work done"),
        Happening.WorkQuoted => Say("已报价", "Quoted"),
        Happening.QuoteConsented => Say("您同意了报价", "You agreed to the quote"),
        Happening.QuoteRefused => Say("您没有同意报价", "You declined the quote"),
        Happening.RequestJoinedFault => Say("属于公共故障，一并处理", "Part of a common fault, dealt with together"),
        Happening.FaultExpected => Say("预计恢复时间有变", "The expected time was changed"),
        Happening.FaultEnded => Say("公共故障已恢复", "The common fault is over"),
        Happening.FileAttached => Say("新增照片或文件", "A photo or a file was added"),
        _ => null,
    };

    /// <summary>Whether what was said with it is said to the owner, too.</summary>
    public static bool TellsItsWords(Happening what) => what is Happening.RequestNoted or Happening.PromiseMade or Happening.FirstReplyGiven or Happening.WrittenReplyGiven or Happening.RequestAnswered
        or Happening.RequestReferred or Happening.RequestExplained or Happening.RequestUrged or Happening.RequestCancelled or Happening.WorkCompleted or Happening.FaultEnded;

    /// <summary>Why something was not done, for whoever tried.</summary>
    public string Of(Refused refused, string? when)
    {
        var code = refused is Refused.Invalid { Faults: [var first, ..] } ? first.Code : refused.Code;
        return code switch
        {
            "feedback.answered_by_owner" or "feedback.move_not_allowed" => Say(
                $"这一次已经评价过了{when}，以第一次的评价为准。谢谢您！", $"This has been answered already{when}. The first answer stands. Thank you!"),
            "feedback.answered_by_staff" => Say($"您的意见已由客服代为登记{when}，以登记的为准。如有不同，请在下面留言。", $"Your answer was written down by our desk{when}; it stands. If it was not what you said, leave a note below."),
            "feedback.round_over" or "feedback.not_yet" => Say("情况已有变化，请看最新的进展。", "Things have changed since. Please see how it stands now."),
            "answer.incomplete" => Say("请选择是否解决，以及 1 到 5 分。", "Please say whether it is solved, and give 1 to 5."),
            "score.out_of_range" => Say("分数是 1 到 5。", "A score is from 1 to 5."),
            "text.empty" => Say("请写点什么。", "Please write something."),
            "text.too_long" => Say("文字太长了，请缩短一些。", "This is too long. Please shorten it."),
            "attachment.too_large" or "body.too_large" => Say("照片太大了：每张最多 20 MB。", "The photo is too large: at most 20 MB each."),
            "attachment.type_not_accepted" or "attachment.empty" => Say("这个文件不能用：请选 JPEG、PNG、WebP、HEIC 照片或 PDF。", "This file cannot be used: choose a JPEG, PNG, WebP or HEIC photo, or a PDF."),
            "attachments.count" => Say("已经有 50 个文件了。", "There are 50 files already."),
            "quote.withdrawn" => Say("报价已有更新，请看新的报价。", "There is a new quote. Please look at that one."),
            "quote.answered_already" => Say("这份报价已经答复过了。", "This quote has been answered already."),
            "request.move_not_allowed" or "work_order.move_not_allowed" => Say("情况已有变化，现在不能这样做了。", "Things have changed since: this cannot be done any more."),
            "phone.empty" or "phone.not_a_number" => Say("请填写正确的电话号码。", "Please give a telephone number that works."),
            "category.missing" or "category.unknown" or "category.other_kind" => Say("请选择是什么事。", "Please choose what it is about."),
            "request.nobody_and_nowhere" => Say("请留下电话号码，我们好联系您。", "Please leave a telephone number, so that we can reach you."),
            "session.of_staff" => Say("您正以员工身份登录。代业主填写请用工作台：这里写下的算业主本人说的。", "You are signed in as staff. Write down for an owner at the desk: what is said here counts as said by the owner."),
            "calls.too_many" => Say("太频繁了，请过一会儿再试。", "This was too often. Please try again in a while."),
            _ => Say("没有成功。请看一下填写的内容，或致电服务中心。", "This did not work. Please check what you entered, or ring the service centre."),
        };
    }
}
