using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Attachments;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Domain.WorkOrders;
using PropertyServiceDesk.Tests.Attachments;

namespace PropertyServiceDesk.Tests.Endpoints;

/// <summary>What owners see of an order that serves many of them: what the crew shows of the common thing, and nothing that another of them said or sent.</summary>
public sealed class OwnersOfAFaultTests : OwnersFixture
{
    [Test]
    public async Task Each_joined_owner_sees_what_the_crew_shows_of_the_fault_and_nothing_of_the_others()
    {
        var mine = (await GivenRequest(text: "停水了，我家有病人")).RequestId;
        var neighbour = await Send(Here.Clerk, new RegisterCustomer(Here.CommunityId, "李大为", [new(ContactKind.Phone, "139 0013 8001")], [new(Here.Places["3-2-1501"], OccupancyRole.Owner)]));
        var theirs = (await Send(Here.Clerk, new ReceiveRequest(
            Here.CommunityId, RequestKind.Repair, Channel.Phone, Here.Category(RequestKind.Repair, "water"), "楼上停水，下午要出门", PlaceId: Here.Places["3-2-1501"], CustomerId: neighbour.CustomerId))).RequestId;
        var fault = (await Send(Here.Clerk, new OpenFault(Here.CommunityId, "3栋停水", Here.Category(RequestKind.Repair, "water"), Here.Places["3"], RequestId: mine))).FaultId;
        var order = (await Send(Here.Clerk, new DispatchFault(fault, [new NewOrder(Crew.Engineering, "修水泵")]))).WorkOrders[0].WorkOrderId;
        await Send(Here.Clerk, new JoinFault(fault, theirs));
        var crew = Here.Member(Crew.Engineering);
        await Send(crew, new AcceptWork(order));
        await Send(crew, new ArriveOnSite(order));

        await PostWithPhoto(await LinkOf(mine) + "/word", Pictures.Jpeg(), ("key", "11111111111111111111111111111111"), ("text", "密码锁 1234，请直接进"));
        await Send(Here.Clerk, new NoteOnRequest(mine, "已给您家送水", Visibility.Owner));
        var sent = await Scalar<Guid>("select attachment_id from attachment where request_id = @mine", new { mine });
        var (shown, kept) = (await Photo(order, Visibility.Owner, Pictures.Png()), await Photo(order, Visibility.Crew, Pictures.Jpeg()));

        var (page, other) = (await Open(mine), await Open(theirs));
        Assert.That(page.Html, Does.Contain("密码锁").And.Contain("已给您家送水").And.Contain("/files/" + sent).And.Contain("/files/" + shown));
        Assert.That(other.Html, Does.Contain("/files/" + shown).And.Contain("楼上停水").And.Contain("人员到场"), "the common pump is theirs, too");
        foreach (var secret in new[] { "密码锁", "已给您家送水", "我家有病人", "王小明", sent.ToString(), kept.ToString(), "3-2-1502" })
        {
            Assert.That(other.Html, Does.Not.Contain(secret));
        }

        foreach (var (file, status) in new[] { (shown, HttpStatusCode.OK), (sent, HttpStatusCode.NotFound), (kept, HttpStatusCode.NotFound) })
        {
            using var reply = await Http.GetAsync($"{await LinkOf(theirs)}/files/{file}");
            Assert.That(reply.StatusCode, Is.EqualTo(status));
        }

        // "That was another lift": from then on nothing of it is theirs.
        await Send(Here.Clerk, new UnJoinRequest(fault, theirs, "不是同一处"));
        Clock.Advance(TimeSpan.FromMinutes(5));
        var later = await Photo(order, Visibility.Owner, Pictures.Jpeg());
        await Send(crew, new CompleteWork(order, "换了水泵"));
        var left = (await Open(theirs)).Html;
        Assert.That(left, Does.Not.Contain("/files/" + shown).And.Not.Contain("/files/" + later).And.Not.Contain("换了水泵"));
        using var gone = await Http.GetAsync($"{await LinkOf(theirs)}/files/{shown}");
        Assert.That(gone.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await Open(mine)).Html, Does.Contain("/files/" + later));
    }

    private async Task<Guid> Photo(Guid order, Visibility visibility, byte[] picture)
    {
        await using var upload = await Upload.Receive(new MemoryStream(picture), visibility == Visibility.Owner, CancellationToken.None);
        return (await Send(Here.Member(Crew.Engineering), new AttachToWorkOrder(order, new FileLabel(PhotoPurpose.After, visibility, "a.jpg"), Convert.ToHexStringLower(upload.Sha256), upload))).AttachmentId;
    }
}
