using FluentValidation;

namespace PropertyServiceDesk.Domain.Customers;

/// <summary>What every command on a customer answers.</summary>
public sealed record CustomerReply(Guid CustomerId, int Version);

/// <summary>A way to reach somebody. A telephone number alone is enough; the same number may belong to several people.</summary>
/// <param name="Value">As it was said: a telephone number, an e-mail address, or a WeChat name of at most 100 characters.</param>
/// <param name="Label">For example "work", or whose it is: at most 40 characters.</param>
public sealed record NewContactPoint(ContactKind Kind, string Value, string? Label = null) : IContactPoint
{
    internal sealed class Validator : ContactPointRules<NewContactPoint>;
}

/// <summary>What says how to reach somebody.</summary>
internal interface IContactPoint
{
    ContactKind Kind { get; }

    string Value { get; }

    string? Label { get; }
}

internal abstract class ContactPointRules<T> : AbstractValidator<T>
    where T : IContactPoint
{
    private const int LongestAddress = 200;
    private const int LongestName = 100;

    protected ContactPointRules()
    {
        RuleFor(c => c.Value).PhoneNumber().When(c => c.Kind == ContactKind.Phone);
        RuleFor(c => c.Value).PlainText(LongestAddress).When(c => c.Kind == ContactKind.Email);
        RuleFor(c => c.Value).Must(v => IsAddress(PlainText.Normalise(v))).When(c => c.Kind == ContactKind.Email).WithErrorCode("email.not_an_address").WithMessage("This is not an e-mail address.");
        RuleFor(c => c.Value).PlainText(LongestName).When(c => c.Kind == ContactKind.WeChat);
        RuleFor(c => c.Label).OptionalPlainText(40);
    }

    private static bool IsAddress(string value)
    {
        var at = value.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && at == value.LastIndexOf('@') && at < value.Length - 1 && !value.Any(char.IsWhiteSpace);
    }
}

internal static class ContactPoints
{
    /// <summary>The form in which two spellings of one address are equal.</summary>
    public static string Normalised(this IContactPoint point) => point.Kind switch
    {
        ContactKind.Phone => Rules.PhoneNumber.Normalise(point.Value)!,
        ContactKind.Email => point.Value.ToLowerInvariant(),
        ContactKind.WeChat => point.Value,
    };
}

/// <summary>Somebody owns, rents or lives in a place.</summary>
/// <param name="FromOn">The day from which; today in the community where it is left out. Not in the future, not before 1900.</param>
public sealed record NewOccupancy(Guid PlaceId, OccupancyRole Role, DateOnly? FromOn = null);

/// <summary>A customer as the running command holds it: its row is locked until commit.</summary>
internal sealed record LockedCustomer(Guid CommunityId, Guid CustomerId, string Name, DateTimeOffset? OptedOutAt, DateTimeOffset? ErasedAt, string TimeZone, int Version)
{
    private const string Read = """
        select c.community_id, c.customer_id, c.name, c.opted_out_at, c.erased_at, m.time_zone, c.version
        from customer c
        join community m on m.community_id = c.community_id
        where c.customer_id = @CustomerId
        for no key update of c
        """;

    private const string Raise = """
        update customer
        set version = version + 1
        where customer_id = @CustomerId
        """;

    /// <exception cref="Refused.NotFound">There is none, it is another community's, or it was erased.</exception>
    public static async Task<LockedCustomer> Of(Db db, Caller caller, Guid customerId, CancellationToken ct, bool alsoErased = false)
    {
        var customer = await db.Find<LockedCustomer>(Read, new { CustomerId = customerId }, ct);
        if (customer is null || (customer.ErasedAt is not null && !alsoErased))
        {
            throw new Refused.NotFound("customer");
        }

        caller.MustBeAllowedIn(customer.CommunityId);
        return customer;
    }

    public CustomerReply Reply => new(CustomerId, Version + 1);

    /// <summary>For a change of what belongs to the customer, not of its own row.</summary>
    public Task<int> RaiseVersion(Db db, CancellationToken ct) => db.Run(Raise, new { CustomerId }, ct);
}

/// <summary>Days of occupancies, in the community's own time zone.</summary>
internal static class OccupancyDays
{
    private static readonly DateOnly Earliest = new(1900, 1, 1);

    public static DateOnly Today(string timeZone, DateTimeOffset now) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(timeZone)).DateTime);

    public static void Check(DateOnly? day, DateOnly today, string field)
    {
        if (day > today || day < Earliest)
        {
            throw new Refused.Invalid("occupancy.day_out_of_range", "An occupancy begins and ends on a day between 1900 and today.", field);
        }
    }
}

/// <summary>By what a customer is found: the name, the telephone numbers, the homes of now. Rewritten by every command that changes one of them, in its transaction.</summary>
internal static class CustomerTokens
{
    private const string Parts = """
        select p.normalised as text, true as is_phone
        from contact_point p
        where p.community_id = @CommunityId and p.customer_id = @CustomerId and p.kind = 'phone'
        union all
        select h.full_code, false
        from occupancy o
        join place h on h.community_id = o.community_id and h.place_id = o.place_id
        where o.community_id = @CommunityId and o.customer_id = @CustomerId and o.to_on is null
        """;

    private const string Write = """
        delete from search_token
        where community_id = @CommunityId and id = @CustomerId and kind = 'customer' and token <> all (@Tokens);

        insert into search_token (community_id, token, kind, id)
        select @CommunityId, t, 'customer', @CustomerId
        from unnest(@Tokens::text[]) t
        on conflict (community_id, token, kind, id) do nothing;
        """;

    private sealed record Part(string Text, bool IsPhone);

    public static async Task Rewrite(Db db, Guid communityId, Guid customerId, string name, CancellationToken ct)
    {
        var parts = await db.List<Part>(Parts, new { CommunityId = communityId, CustomerId = customerId }, ct);
        var tokens = Of(name, parts.Where(p => p.IsPhone).Select(p => p.Text), parts.Where(p => !p.IsPhone).Select(p => p.Text));
        await db.Run(Write, new { CommunityId = communityId, CustomerId = customerId, Tokens = tokens }, ct);
    }

    public static string[] Of(string name, IEnumerable<string> phones, IEnumerable<string> homes) =>
        [.. SearchTokens.ForName(name).Concat(phones.SelectMany(SearchTokens.ForPhone)).Concat(homes.SelectMany(SearchTokens.ForHome)).Distinct(StringComparer.Ordinal)];
}
