using System.Net;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Communities;

public sealed class CategoryTests : ApiFixture
{
    private static readonly CategoryWords Solar = new("太阳能", "Solar heater", Crew.Engineering, Priority.Urgent, Payer.Owner, false, [PhotoPurpose.Before, PhotoPurpose.After]);

    private Actor Administrator => Here.People["administrator"];

    [Test]
    public async Task A_category_is_made_and_the_next_request_has_what_it_says()
    {
        var administrator = await As(Administrator);
        var at = $"/api/communities/{Here.CommunityId}/categories";
        var words = new { name = "太阳能", nameEn = "Solar heater", crew = "engineering", priority = "urgent", payer = "owner", commonArea = false, demandsPhotos = new[] { "before", "after" } };

        var made = (await administrator.PostJson(at, new { kind = "repair", code = "solar", words, parentId = Here.Category(RequestKind.Repair, "water") }, HttpStatusCode.Created, key: "category-1")).Id("categoryId");
        var again = (await administrator.PostJson(at, new { kind = "repair", code = "solar", words, parentId = Here.Category(RequestKind.Repair, "water") }, HttpStatusCode.Created, key: "category-1")).Id("categoryId");

        Assert.That(again, Is.EqualTo(made));
        var line = (await Send(Here.Clerk, new ListCategories(Here.CommunityId, RequestKind.Repair))).Single(c => c.CategoryId == made);
        Assert.That((line.ParentId, line.Crew, line.Priority, line.Payer, line.Version), Is.EqualTo(((Guid?)Here.Category(RequestKind.Repair, "water"), (Crew?)Crew.Engineering, Priority.Urgent, Payer.Owner, 1)));
        Assert.That(line.DemandsPhotos, Is.EqualTo(new[] { PhotoPurpose.Before, PhotoPurpose.After }));
        Assert.That((await Received(made)).Priority, Is.EqualTo("urgent"));
        Assert.That((await administrator.PostJson(at, new { kind = "repair", code = "solar", words }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("category.code_taken"));
        await administrator.PostJson(at, new { kind = "inquiry", code = "solar", words }, HttpStatusCode.Created);
        Assert.That(await Refusal(() => Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Complaint, "x1", Solar, Here.Category(RequestKind.Repair, "water")))), Is.EqualTo("category.parent_of_other_kind"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, "x1", Solar, There.Category(RequestKind.Repair, "water")))), Is.EqualTo("category.unknown"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, "x1", Solar with { DemandsPhotos = [PhotoPurpose.Other] }))), Is.EqualTo("category.photos"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, "x1", Solar with { Name = "两\n行" }))), Is.EqualTo("text.several_lines"));
    }

    [Test]
    public async Task A_change_is_for_what_comes_from_then_on()
    {
        var id = await Made("change");
        var before = await Received(id);
        var administrator = await As(Administrator);
        var words = new { name = "太阳能热水", nameEn = "Solar water", crew = (string?)null, priority = "low", payer = "free", commonArea = true, demandsPhotos = Array.Empty<string>() };

        await administrator.PostJson($"/api/categories/{id}/words", new { words }, HttpStatusCode.PreconditionRequired);
        var changed = await administrator.PostJson($"/api/categories/{id}/words", new { words, version = 1 }, HttpStatusCode.OK);
        Assert.That((await administrator.PostJson($"/api/categories/{id}/words", new { words, version = 1 }, HttpStatusCode.Conflict)).Code, Is.EqualTo("category.changed_meanwhile"));

        Assert.That(changed.ETag, Is.EqualTo("\"2\""));
        var line = (await Send(Here.Clerk, new ListCategories(Here.CommunityId))).Single(c => c.CategoryId == id);
        Assert.That((line.Name, line.NameEn, line.Crew, line.Priority, line.Payer, line.CommonArea, line.DemandsPhotos.Count), Is.EqualTo(("太阳能热水", "Solar water", (Crew?)null, Priority.Low, Payer.Free, true, 0)));
        Assert.That(await Priority_of(before.RequestId), Is.EqualTo("urgent"));
        Assert.That(await Rows<string>("select what from event where community_id = @CommunityId and detail ->> 'categoryId' = @id::text and what like 'category%' order by seq", new { Here.CommunityId, id }), Is.EqualTo(new[] { "categoryMade", "categoryAmended" }));
    }

    [Test]
    public async Task A_retired_category_is_in_no_list_and_on_no_new_request_until_it_is_used_again()
    {
        var id = await Made("retire");
        var below = (await Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, "retire.below", Solar, id))).CategoryId;

        Assert.That(await Refusal(() => Send(Administrator, new RetireCategory(id))), Is.EqualTo("category.has_categories"));
        await Send(Administrator, new RetireCategory(below));
        var retired = await Send(Administrator, new RetireCategory(id, 1));
        Assert.That(await Refusal(() => Send(Administrator, new RetireCategory(id))), Is.EqualTo("category.retired_already"));
        Assert.That(await Refusal(() => Send(Administrator, new RetireCategory(id, 1))), Is.EqualTo("category.changed_meanwhile"));
        Assert.That(await Refusal(() => Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, "retire.more", Solar, id))), Is.EqualTo("category.parent_retired"));
        Assert.That(await Refusal(() => Received(id)), Does.StartWith("category."));

        Assert.That((retired.Version, retired.RetiredAt), Is.EqualTo((2, (DateTimeOffset?)Clock.GetUtcNow())));
        Assert.That((await Send(Here.Clerk, new ListCategories(Here.CommunityId))).Select(c => c.CategoryId), Does.Not.Contain(id));
        Assert.That((await Send(Here.Clerk, new ListCategories(Here.CommunityId, Retired: true))).Single(c => c.CategoryId == id).RetiredAt, Is.EqualTo(Clock.GetUtcNow()));

        Assert.That(await Refusal(() => Send(Administrator, new ReinstateCategory(below))), Is.EqualTo("category.parent_retired"));
        await Send(Administrator, new ReinstateCategory(id));
        Assert.That(await Refusal(() => Send(Administrator, new ReinstateCategory(id))), Is.EqualTo("category.not_retired"));
        await Send(Administrator, new ReinstateCategory(below));
        Assert.That((await Received(below)).Priority, Is.EqualTo("urgent"));
    }

    [Test]
    public async Task Two_at_once_make_one()
    {
        var both = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await Made("race");
                return "";
            }
            catch (Refused.Invalid no)
            {
                return no.Faults.Count > 0 ? no.Faults[0].Code : no.Code;
            }
        }));

        Assert.That(both.Order(), Is.EqualTo(new[] { "", "category.code_taken", "category.code_taken", "category.code_taken" }));
    }

    [Test]
    public async Task They_are_for_administrators_of_the_community()
    {
        var id = await Made("whose");
        var theirs = There.People["administrator"];

        Assert.That(await Refusal(() => Send(Here.Manager, new MakeCategory(Here.CommunityId, RequestKind.Repair, "y", Solar))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new RetireCategory(id))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(theirs, new MakeCategory(Here.CommunityId, RequestKind.Repair, "y", Solar))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new AmendCategory(id, Solar, 1))), Is.EqualTo("category.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new RetireCategory(id))), Is.EqualTo("category.not_found"));
        Assert.That(await Refusal(() => Send(theirs, new ReinstateCategory(id))), Is.EqualTo("category.not_found"));
    }

    private async Task<Guid> Made(string code) => (await Send(Administrator, new MakeCategory(Here.CommunityId, RequestKind.Repair, code, Solar))).CategoryId;

    private async Task<(Guid RequestId, string Priority)> Received(Guid category)
    {
        var id = (await Send(Here.Clerk, new ReceiveRequest(Here.CommunityId, RequestKind.Repair, Channel.Phone, category, "不热", PlaceId: Here.Places["3-2-1502"], CustomerId: Here.Customer))).RequestId;
        return (id, await Priority_of(id));
    }

    private async Task<string> Priority_of(Guid request) => (await Scalar<string>("select priority from request where request_id = @request", new { request }))!;
}
