using System.ComponentModel.DataAnnotations;
using FluentValidation;

namespace PropertyServiceDesk.Domain.Customers;

/// <summary>The customer's name, language, preferred channel and note, all as they are to be from now on.</summary>
/// <param name="Note">Null takes the note away.</param>
/// <param name="Version">The version that was looked at, unless it stands in <c>If-Match</c>.</param>
[AllowedTo(Roles.Desk | Roles.Administrator | Roles.System)]
public sealed record AmendCustomer(
    [property: JsonIgnore] Guid CustomerId, string Name, [property: AllowedValues("zh-CN", "en")] string Language, PreferredChannel PreferredChannel, string? Note, int? Version = null) : ICommand<CustomerReply>
{
    public sealed class Validator : AbstractValidator<AmendCustomer>
    {
        public Validator()
        {
            RuleFor(c => c.Name).PlainText(100);
            RuleFor(c => c.Language).Must(l => l is "zh-CN" or "en").WithErrorCode("language.unknown").WithMessage("Languages are zh-CN and en.");
            RuleFor(c => c.Note).OptionalPlainText(2000);
        }
    }

    internal sealed class Handler(Db db, Caller caller, EventLog log) : IRequestHandler<AmendCustomer, CustomerReply>
    {
        private const string Write = """
            update customer
            set name = @Name, language = @Language, preferred_channel = @PreferredChannel, note = @Note, version = version + 1
            where customer_id = @CustomerId
            """;

        public async Task<CustomerReply> Handle(AmendCustomer command, CancellationToken cancellationToken)
        {
            var customer = await LockedCustomer.Of(db, caller, command.CustomerId, cancellationToken);
            caller.MustKnowVersion("customer", customer.Version, command.Version);

            var name = command.Name;
            await db.Run(Write, new { command.CustomerId, Name = name, command.Language, command.PreferredChannel, command.Note }, cancellationToken);
            if (!string.Equals(name, customer.Name, StringComparison.Ordinal))
            {
                await CustomerTokens.Rewrite(db, customer.CommunityId, customer.CustomerId, name, cancellationToken);
            }

            log.Write(
                customer.CommunityId, SubjectKind.Customer, customer.CustomerId, Happening.CustomerAmended, new { command.Language, command.PreferredChannel }, name, Visibility.Desk);
            return customer.Reply;
        }
    }
}
