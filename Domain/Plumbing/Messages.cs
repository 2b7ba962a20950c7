using MediatR;

namespace PropertyServiceDesk.Domain.Plumbing;

/// <summary>Something that somebody does: one transaction, all of it or none, its events written as its last statement.</summary>
public interface ICommand<out TResult> : IRequest<TResult>;

/// <summary>Something that somebody looks at: one read-only transaction.</summary>
public interface IQuery<out TResult> : IRequest<TResult>;

/// <summary>About the caller's own account, whatever their roles are and wherever they have them: allowed to everybody who is signed in.</summary>
public interface IOwnAccount;

/// <summary>A command whose reply shows personal data in full: it is not kept with the Idempotency-Key.</summary>
public interface IShowsPersonalData;

/// <summary>A command that names a community and is about somebody who may work in others, too: it works wherever its caller does.</summary>
public interface IAcrossCommunities;

/// <summary>A command that says who of the staff did it: a person's to do, not another system's, whatever its token allows.</summary>
public interface IByAPerson;

/// <summary>The roles that a person can hold in a community.</summary>
[Flags]
public enum Roles
{
    None = 0,
    Clerk = 1,
    CrewMember = 2,
    CrewLead = 4,
    CustomerOfficer = 8,
    Manager = 16,
    Administrator = 32,

    /// <summary>Another system, and the Workers.</summary>
    System = 64,

    /// <summary>Those who speak with customers.</summary>
    Desk = Clerk | CustomerOfficer | Manager,
    Officers = CustomerOfficer | Manager,
    Crews = CrewMember | CrewLead,
    Everybody = Desk | Crews | Administrator,
}

/// <summary>Who may send it: its row of the role table (docs/roles.md). A command or query without this does not start.</summary>
/// <param name="everywhere">The roles that may do it to whatever there is in their community.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AllowedToAttribute(Roles everywhere) : Attribute
{
    public Roles Everywhere { get; } = everywhere;

    /// <summary>The roles that may do it to what is theirs alone: the orders of their crew, the requests that these serve, what they brought in themselves.</summary>
    public Roles Own { get; init; }

    public Roles All => Everywhere | Own;
}
