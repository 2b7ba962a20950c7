using System.Net;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PropertyServiceDesk.Domain.Communities;
using PropertyServiceDesk.Domain.Customers;
using PropertyServiceDesk.Domain.Plumbing;
using PropertyServiceDesk.Domain.Rules;
using PropertyServiceDesk.Tests.Support;

namespace PropertyServiceDesk.Tests.Communities;

public sealed class PlaceImportTests : ApiFixture
{
    private const string Header = "fullCode,parent,kind,code,name,nameEn\n";

    private Actor Administrator => Here.People["administrator"];

    private string At => $"/api/communities/{Here.CommunityId}/places/import";

    [Test]
    public async Task A_file_makes_a_tree_whatever_the_order_of_its_lines_and_again_it_changes_nothing()
    {
        const string file = Header + """
            21-1-101,21-1,home,,21栋1单元101,
            21-1,21,entrance,1,21栋1单元,"Building 21, entrance 1"
            21,,building,,21栋,Building 21
            21-1-lobby,21-1,commonArea,lobby,大堂,Lobby
            3-2-1501,3-2,home,1501,3栋2单元1501,
            """;

        var before = await Scalar<long>("select seq from event_head where community_id = @CommunityId", new { Here.CommunityId });
        var tried = await Import(file, "/trials");
        Assert.That(await Scalar<long>("select count(*) from place where full_code like '21%'"), Is.Zero, "It was only tried.");
        var made = await Import(file);
        var again = await Import(file);

        Assert.That((tried.Lines, tried.Made, tried.Changed, tried.Same, tried.RefusedLines), Is.EqualTo((5, 4, 0, 1, 0)));
        Assert.That(tried.MadeOfKind, Is.EqualTo(new[] { new PlacesOfKind(PlaceKind.Building, 1), new PlacesOfKind(PlaceKind.Entrance, 1), new PlacesOfKind(PlaceKind.Home, 1), new PlacesOfKind(PlaceKind.CommonArea, 1) }));
        Assert.That((made.Made, made.Same), Is.EqualTo((4, 1)));
        Assert.That((again.Made, again.Changed, again.Same), Is.EqualTo((0, 0, 5)));
        var places = await Rows<(string FullCode, string Code, string Kind, string? NameEn, string Parent, string? Building)>(
            "select p.full_code, p.code, p.kind, p.name_en, a.full_code, b.full_code from place p join place a on a.place_id = p.parent_id left join place b on b.place_id = p.building_id where p.full_code like '21%' order by p.full_code");
        Assert.That(places, Is.EqualTo(new[]
        {
            ("21", "21", "building", "Building 21", "here", "21"),
            ("21-1", "1", "entrance", "Building 21, entrance 1", "21", "21"),
            ("21-1-101", "101", "home", (string?)null, "21-1", (string?)"21"),
            ("21-1-lobby", "lobby", "commonArea", "Lobby", "21-1", "21"),
        }));
        Assert.That((await Send(Here.Clerk, new Search("21-1-101"))).Places.Select(p => p.FullCode), Does.Contain("21-1-101"), "The one box finds it.");
        Assert.That(await Rows<string>("select e.detail ->> 'made' from event e where e.what = 'placesImported' and e.community_id = @CommunityId and e.seq > @before", new { Here.CommunityId, before }), Is.EqualTo(new[] { "4" }), "What changes nothing is no event.");
    }

    [Test]
    public async Task What_is_called_otherwise_is_shown_first_and_then_renamed()
    {
        await Import(Header + "22,,building,,22栋,Building 22\n");
        const string file = Header + "22,,building,,22号楼,Tower 22\n";

        var tried = await Import(file, "/trials");
        var done = await Import(file);

        Assert.That(tried.Changes.Single(), Is.EqualTo(new PlaceChange(2, "22", new PlaceWords("22", "22栋", "Building 22"), new PlaceWords("22", "22号楼", "Tower 22"))));
        Assert.That((done.Made, done.Changed), Is.EqualTo((0, 1)));
        Assert.That(await Rows<(string, string, int)>("select name, name_en, version from place where full_code = '22'"), Is.EqualTo(new[] { ("22号楼", "Tower 22", 2) }));

        await Import("fullCode,parent,kind,name\n22,,building,22座\n");

        Assert.That(await Rows<(string, string)>("select name, name_en from place where full_code = '22'"), Is.EqualTo(new[] { ("22座", "Tower 22") }), "A column that is not there changes nothing.");
    }

    [TestCase("31,31,building,,31栋,", "place.cycle", "parent")]
    [TestCase("31,32,commonArea,,a,\n32,33,commonArea,,b,\n33,31,commonArea,,c,", "place.cycle place.cycle place.cycle", "parent")]
    [TestCase("31-1,31,entrance,,31栋1单元,", "place.parent_unknown", "parent")]
    [TestCase("31,,floor,,31层,", "place.kind_does_not_fit", "kind")]
    [TestCase("31,3-2-1501,commonArea,,阳台,", "place.kind_does_not_fit", "kind")]
    [TestCase("31,,building,,31栋,\n31,,building,,31栋,", "place.code_twice", "fullCode")]
    [TestCase("31,,castle,,31栋,", "place.kind_unknown", "kind")]
    [TestCase("31,,community,,31栋,", "place.kind_unknown", "kind")]
    [TestCase("here,,building,,31栋,", "place.kind_differs", "kind")]
    [TestCase("3,,phase,,3栋,", "place.kind_differs", "kind")]
    [TestCase("3-2,,entrance,,3栋2单元,", "place.parent_differs", "parent")]
    [TestCase(",,building,,31栋,", "text.empty", "fullCode")]
    [TestCase("31,,building,,,", "text.empty", "name")]
    [TestCase("31,,building,,a\u0001b,", "text.control_character", "name")]
    [TestCase("31,,building,,a\u202eb,", "text.bidi_control", "name")]
    [TestCase("\"3\n1\",,building,,31栋,", "text.several_lines", "fullCode")]
    [TestCase("31,,building,,31栋", "import.columns", null)]
    [TestCase("31,,building,,31栋,,x", "import.columns", null)]
    [TestCase("31,,building,,3\"1\"栋,", "import.quotes", null)]
    public async Task A_line_that_cannot_be_is_named_and_nothing_of_the_file_is_taken(string lines, string codes, string? column)
    {
        var file = Header + "30,,building,,30栋,\n" + lines + "\n";

        var tried = await Import(file, "/trials");
        var refused = await Post(file, "", HttpStatusCode.UnprocessableEntity);

        Assert.That(string.Join(' ', tried.Refusals.Select(r => r.Code)), Is.EqualTo(codes));
        Assert.That(tried.Refusals.Select(r => r.Column), Is.All.EqualTo(column));
        Assert.That(tried.Refusals.Select(r => r.Line), Is.All.GreaterThanOrEqualTo(3));
        Assert.That(refused.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("code").GetString()), Is.EqualTo(codes.Split(' ')));
        Assert.That(refused.GetProperty("errors")[0].GetProperty("field").GetString(), Does.StartWith($"lines[{tried.Refusals[0].Line}]"));
        Assert.That(await Scalar<long>("select count(*) from place where full_code = '30'"), Is.Zero);
    }

    [Test]
    public async Task What_stands_in_a_place_that_is_refused_is_not_complained_about_as_well()
    {
        var tried = await Import(Header + "31,,castle,,31栋,\n32,,floor,,32,\n32-1,32,home,,32-1,\n", "/trials");

        Assert.That(tried.Refusals.Select(r => (r.Line, r.Code)), Is.EqualTo(new[] { (2, "place.kind_unknown"), (3, "place.kind_does_not_fit") }));
    }

    [Test]
    public async Task Too_long_is_counted_in_characters()
    {
        var tried = await Import(Header + $"{new string('长', 120)},,building,1,{string.Concat(Enumerable.Repeat("𠮷", 200))},\n{new string('长', 121)},,building,1,x,\n40,,building,1,{new string('长', 201)},\n41,,building,{new string('1', 41)},x,\n{new string('1', 41)},,building,,x,\n", "/trials");

        Assert.That(tried.Refusals.Select(r => (r.Line, r.Column, r.Code)), Is.EqualTo(new[] { (3, "fullCode", "text.too_long"), (4, "name", "text.too_long"), (5, "code", "text.too_long"), (6, "code", "text.too_long") }));
        Assert.That(tried.Made, Is.EqualTo(1));
    }

    [TestCase("", "file.empty")]
    [TestCase("  \n", "file.empty")]
    [TestCase(Header, "places.none")]
    [TestCase("fullCode,kind,name\n1,building,1\n", "places.column_missing")]
    [TestCase("fullCode,parent,kind,name,colour\n1,,building,1,red\n", "places.column_unknown")]
    [TestCase("fullCode,parent,kind,name,name\n1,,building,1,1\n", "places.column_twice")]
    public async Task A_file_that_cannot_be_read_says_why(string file, string code)
    {
        foreach (var where in (string[])["", "/trials"])
        {
            Assert.That((await Post(file, where, HttpStatusCode.UnprocessableEntity)).GetProperty("code").GetString(), Is.EqualTo(code));
        }
    }

    [Test]
    public async Task Bytes_that_are_no_text_are_refused_and_so_is_a_file_over_the_limit()
    {
        Assert.That((await Post([0x89, 0x50, 0xFF, 0xFF, 0x00], "/trials", HttpStatusCode.UnprocessableEntity)).GetProperty("code").GetString(), Is.EqualTo("places.encoding_unknown"));
        Assert.That((await Post(Encoding.UTF8.GetBytes(Header + new string('x', ImportPlaces.MostBytes)), "", HttpStatusCode.RequestEntityTooLarge)).GetProperty("code").GetString(), Is.EqualTo("places.file_too_large"));
    }

    [TestCase("utf-8", true, ',')]
    [TestCase("utf-8", false, ';')]
    [TestCase("utf-16", true, '\t')]
    [TestCase("gb18030", false, ',')]
    public async Task A_spreadsheet_saves_it_in_its_own_way(string encoding, bool mark, char separator)
    {
        var by = CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding);
        var code = "5" + encoding + mark;
        var text = $"全码,上级,类型,名称,英文名\r\n{code},,楼栋,五十栋㐀,Tower\r\n,,,,\r\n{code}-1,{code},单元,一单元,\r\n".Replace(',', separator);

        var made = await Import([.. mark ? by.GetPreamble() : [], .. by.GetBytes(text)], "");

        Assert.That((made.Made, made.Lines), Is.EqualTo((2, 2)), "A line with nothing in it is none.");
        Assert.That(await Scalar<string>("select name from place where full_code = @code", new { code }), Is.EqualTo("五十栋㐀"));
    }

    [Test]
    public async Task Twenty_thousand_lines_are_taken_and_one_more_is_too_many()
    {
        var file = new StringBuilder(Header);
        for (var building = 1; building <= 100; building++)
        {
            file.Append(Inv($"B{building},,building,,{building}栋,\n"));
            for (var home = 1; home <= 199; home++)
            {
                file.Append(Inv($"B{building}-{home:000},B{building},home,,{building}栋{home:000},\n"));
            }
        }

        var made = await Import(file.ToString());
        var again = await Import(file.ToString());
        file.Append("C1,,building,,C1,\n");

        Assert.That((made.Made, again.Same), Is.EqualTo((20_000, 20_000)));
        Assert.That((await Post(file.ToString(), "/trials", HttpStatusCode.UnprocessableEntity)).GetProperty("code").GetString(), Is.EqualTo("places.too_many_lines"));
    }

    [Test]
    public async Task A_chain_of_twenty_thousand_is_followed_without_falling_and_so_is_a_ring()
    {
        var chain = Header + string.Concat(Enumerable.Range(0, 19_999).Select(n => Inv($"D{n},{(n == 19_998 ? "" : "D" + (n + 1))},commonArea,,d{n},\n")));
        var ring = Header + string.Concat(Enumerable.Range(0, 19_999).Select(n => Inv($"D{n},D{(n + 1) % 19_999},commonArea,,d{n},\n")));

        Assert.That((await Import(chain, "/trials")).Made, Is.EqualTo(19_999));
        var refused = await Import(ring, "/trials");
        Assert.That((refused.RefusedLines, refused.Refusals.Count), Is.EqualTo((19_999, 500)));
    }

    [Test]
    public async Task Two_at_once_make_each_place_once()
    {
        const string file = Header + "61,,building,,61栋,\n61-1,61,entrance,,61栋1单元,\n";

        var both = await Task.WhenAll(Import(file), Import(file));

        Assert.That(both.Select(b => b.Made).Order(), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(await Scalar<long>("select count(*) from place where full_code like '61%'"), Is.EqualTo(2));
    }

    [Test]
    public async Task The_same_key_brings_the_same_reply_and_with_another_file_none()
    {
        const string file = Header + "62,,building,,62栋,\n";

        var first = await Post(file, "", HttpStatusCode.OK, "place-key");
        var again = await Post(file, "", HttpStatusCode.OK, "place-key");
        var other = await Post(file + "63,,building,,63栋,\n", "", HttpStatusCode.UnprocessableEntity, "place-key");

        Assert.That(again.GetRawText(), Is.EqualTo(first.GetRawText()));
        Assert.That(other.GetProperty("code").GetString(), Is.EqualTo("idempotency_key.other_body"));
    }

    [Test]
    public async Task It_is_for_administrators_of_this_community()
    {
        var file = Encoding.UTF8.GetBytes(Header + "64,,building,,64栋,\n");

        Assert.That(await Refusal(() => Send(Here.Clerk, new ImportPlaces(Here.CommunityId, "x", file))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(Here.Manager, new TryPlaceImport(Here.CommunityId, file))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new ImportPlaces(Here.CommunityId, "x", file))), Is.EqualTo("community.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new TryPlaceImport(Here.CommunityId, file))), Is.EqualTo("community.not_found"));
        Assert.That((await Send(There.People["administrator"], new ImportPlaces(There.CommunityId, "x", file))).Made, Is.EqualTo(1));
        Assert.That(await Scalar<long>("select count(*) from place where full_code = '64' and community_id = @CommunityId", new { Here.CommunityId }), Is.Zero);
    }

    [Test]
    public async Task A_place_is_added_renamed_retired_and_brought_back()
    {
        var administrator = await As(Administrator);
        var at = $"/api/communities/{Here.CommunityId}/places";

        var made = await administrator.PostJson(at, new { kind = "building", fullCode = " 71 ", name = "71栋" }, HttpStatusCode.Created, key: "place-71");
        var place = made.Location!;
        var home = (await administrator.PostJson(at, new { kind = "home", fullCode = "71-101", name = "71栋101", parentId = made.Id("placeId") }, HttpStatusCode.Created)).Id("placeId");
        Assert.That((await administrator.PostJson(at, new { kind = "home", fullCode = "71-101", name = "x", parentId = made.Id("placeId") }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("place.code_taken"));
        Assert.That((await administrator.PostJson(at, new { kind = "home", fullCode = "71-102", name = "x", parentId = home }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("place.kind_does_not_fit"));
        Assert.That((await administrator.PostJson(at, new { kind = "home", fullCode = "71-102", name = "x", parentId = There.Places["3"] }, HttpStatusCode.UnprocessableEntity)).Code, Is.EqualTo("place.unknown"));

        await administrator.PostJson(place + "/name", new { code = "71", name = "71号楼" }, HttpStatusCode.PreconditionRequired);
        var renamed = await administrator.PostJson(place + "/name", new { code = "71", name = "71号楼", nameEn = "Tower 71" }, HttpStatusCode.OK, version: 1);
        Assert.That(renamed.ETag, Is.EqualTo("\"2\""));
        Assert.That((await administrator.PostJson(place + "/name", new { code = "71", name = "又来" }, HttpStatusCode.PreconditionFailed, version: 1)).Code, Is.EqualTo("place.changed_meanwhile"));
        Assert.That(await Rows<(string, string, string)>("select code, name, name_en from place where full_code = '71'"), Is.EqualTo(new[] { ("71", "71号楼", "Tower 71") }));

        Assert.That((await administrator.PostJson(place + "/retirement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("place.has_places"));
        await administrator.PostJson($"/api/places/{home}/retirement", new { }, HttpStatusCode.OK);
        Assert.That((await administrator.PostJson($"/api/places/{home}/retirement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("place.retired_already"));
        await administrator.PostJson(place + "/retirement", new { version = 2 }, HttpStatusCode.OK);
        var root = (await Send(Administrator, new ListPlaces(Here.CommunityId))).Items.Single().PlaceId;
        Assert.That((await Send(Administrator, new ListPlaces(Here.CommunityId, root, 200))).Items.Select(p => p.FullCode), Does.Not.Contain("71"));
        Assert.That((await Send(Administrator, new ListPlaces(Here.CommunityId, root, 200, Retired: true))).Items.Single(p => p.FullCode == "71").RetiredAt, Is.Not.Null);
        Assert.That((await Import(Header + "71,,building,,71栋,\n71-103,71,home,,71栋103,\n", "/trials")).Refusals.Select(r => r.Code), Is.EqualTo(new[] { "place.retired" }));
        Assert.That((await Import(Header + "71-103,71,home,,71栋103,\n", "/trials")).Refusals.Select(r => r.Code), Is.EqualTo(new[] { "place.parent_retired" }));

        Assert.That((await administrator.PostJson($"/api/places/{home}/reinstatement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("place.parent_retired"));
        await administrator.PostJson(place + "/reinstatement", new { }, HttpStatusCode.OK);
        Assert.That((await administrator.PostJson(place + "/reinstatement", new { }, HttpStatusCode.Conflict)).Code, Is.EqualTo("place.not_retired"));
        await administrator.PostJson($"/api/places/{home}/reinstatement", new { }, HttpStatusCode.OK);
        Assert.That(
            await Rows<string>("select what from event where community_id = @CommunityId and what in ('placeRenamed', 'placeRetired', 'placeReinstated') order by seq", new { Here.CommunityId }),
            Is.EqualTo(new[] { "placeRenamed", "placeRetired", "placeRetired", "placeReinstated", "placeReinstated" }));
    }

    [Test]
    public async Task Only_an_empty_place_is_retired_and_never_the_community_itself()
    {
        var root = (await Send(Administrator, new ListPlaces(Here.CommunityId))).Items.Single().PlaceId;

        Assert.That(await Refusal(() => Send(Administrator, new RetirePlace(Here.Places["3-2-1502"]))), Is.EqualTo("place.lived_in"));
        Assert.That(await Refusal(() => Send(Administrator, new RetirePlace(Here.Places["3-2-lobby"]))), Is.EqualTo("place.has_assets"));
        Assert.That(await Refusal(() => Send(Administrator, new RetirePlace(root))), Is.EqualTo("place.is_the_community"));
        Assert.That(await Refusal(() => Send(Administrator, new RenamePlace(root, "x", "x", Version: 1))), Is.EqualTo("place.is_the_community"));
        Assert.That(await Refusal(() => Send(Here.Clerk, new RetirePlace(Here.Places["3-2-1601"]))), Is.EqualTo("role.not_allowed"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new RetirePlace(Here.Places["3-2-1601"]))), Is.EqualTo("place.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new RenamePlace(Here.Places["3-2-1601"], "x", "x", Version: 1))), Is.EqualTo("place.not_found"));
        Assert.That(await Refusal(() => Send(There.People["administrator"], new AddPlace(Here.CommunityId, PlaceKind.Building, "81", "81栋"))), Is.EqualTo("community.not_found"));
    }

    private static string Inv(FormattableString text) => FormattableString.Invariant(text);

    private Task<PlaceImport> Import(string file, string where = "") => Import(Encoding.UTF8.GetBytes(file), where);

    private async Task<PlaceImport> Import(byte[] file, string where) => (await Post(file, where, HttpStatusCode.OK)).Deserialize<PlaceImport>(Json.Options)!;

    private Task<JsonElement> Post(string file, string where, HttpStatusCode expected, string? key = null) => Post(Encoding.UTF8.GetBytes(file), where, expected, key);

    private async Task<JsonElement> Post(byte[] file, string where, HttpStatusCode expected, string? key = null)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, At + where) { Content = new ByteArrayContent(file) };
        message.Content.Headers.ContentType = new("application/octet-stream");
        if (key is not null)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        using var response = await (await As(Administrator)).Http.SendAsync(message);
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(expected), () => text + LastUnexpected);
        return JsonDocument.Parse(text).RootElement;
    }
}
