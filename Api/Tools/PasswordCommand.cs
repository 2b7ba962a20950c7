using System.CommandLine;
using Dapper;
using Npgsql;
using PropertyServiceDesk.Api.Auth;
using PropertyServiceDesk.Domain.Plumbing;

namespace PropertyServiceDesk.Api.Tools;

/// <summary>The way back in where the only administrator cannot: a new password, printed once, by who may use the owner's connection.</summary>
internal static class PasswordCommand
{
    private const string Known = """
        select s.staff_id
        from staff s
        join staff_credential c on c.staff_id = s.staff_id
        where s.sign_in_name = @Name and s.disabled_at is null
        """;

    private const string Write = """
        update staff_credential
        set password_hash = @Hash, must_change = true, good_until = @GoodUntil, changed_at = @Now
        where staff_id = @StaffId;

        update session
        set ended_at = @Now
        where staff_id = @StaffId and ended_at is null;
        """;

    public static Command Command()
    {
        var name = new Option<string>("--name") { Required = true, Description = "The sign-in name" };
        var command = new Command("password", "Gives an account a new password, prints it once, and ends the account's sessions.") { name };
        command.SetAction(async (said, ct) =>
        {
            await using var owner = new NpgsqlConnection(Connections.Direct(WebApplication.CreateBuilder().Configuration.GetConnectionString));
            await owner.OpenAsync(ct);
            var staff = await owner.QuerySingleOrDefaultAsync<Guid?>(Known, new { Name = said.GetValue(name)!.ToLowerInvariant() })
                ?? throw new Refused.Invalid("staff.unknown", "There is no active account of this name with a password here.");
            var password = Passwords.Random();
            var now = TimeProvider.System.Now();
            await owner.ExecuteAsync(Write, new { StaffId = staff, Hash = Passwords.HashOf(password), GoodUntil = now + Domain.Staff.NewSecret.PasswordGood, Now = now });
            Console.WriteLine($"Password {password}   (shown this once; good for 72 hours, and for choosing your own)");
            return 0;
        });
        return command;
    }
}
