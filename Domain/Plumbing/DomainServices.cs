using System.Data.Common;
using FluentValidation;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using PropertyServiceDesk.Domain.Clocks;
using PropertyServiceDesk.Domain.Faults;
using PropertyServiceDesk.Domain.Feedback;
using PropertyServiceDesk.Domain.Imports;
using PropertyServiceDesk.Domain.Requests;
using PropertyServiceDesk.Domain.WorkOrders;

namespace PropertyServiceDesk.Domain.Plumbing;

public static class DomainServices
{
    private static readonly Type[] Scanned = [typeof(IRequestHandler<,>), typeof(INotificationHandler<>), typeof(IValidator<>)];

    /// <summary>Everything that the desk knows. The host adds a <see cref="TimeProvider"/> of its own if the system's is not the one.</summary>
    /// <exception cref="InvalidOperationException">A command or query has no row in the role table.</exception>
    public static IServiceCollection AddServiceDesk(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => Source(connectionString));
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<Caller>();
        services.AddScoped<Db>();
        services.AddScoped<EventLog>();
        services.AddSingleton<Staff.Sessions>();
        services.AddSingleton<Staff.ProvidedStaff>();
        services.AddSingleton<Owner.OwnerLinks>();
        services.AddSingleton<Owner.ReportPace>();
        services.AddSingleton<DueWork>();
        services.AddSingleton<Jobs.JobLog>();
        services.AddScoped<Jobs.IJobs, Jobs.JobHints>();
        services.AddSingleton<SlaDefinitions>();
        services.AddSingleton<TimeZonesAgree>();
        services.AddScoped<SlaBook>();
        services.AddScoped<Requests.TimeSplits>();
        services.AddScoped<Reports.TimeOfRequests>();
        services.AddScoped<ClockRows>();
        services.AddScoped<StandStill>();
        services.AddScoped<ClockFollower>();
        services.AddScoped<DispatchClocks>();
        services.AddScoped<ClockMover>();
        services.AddScoped<ClockTrouble>();
        services.AddScoped<Policies.SlaEdits>();
        services.AddScoped<Policies.CalendarEdits>();
        services.AddScoped<Policies.SlaPreviews>();
        services.AddScoped<HoldLimits>();
        services.AddScoped<EarlyVisits>();
        services.AddScoped<WorkOrders.HoldEvidenceCheck>();
        services.AddScoped<OrderMaker>();
        services.AddScoped<OrderMover>();
        services.AddScoped<CrewsOwn>();
        services.AddScoped<FinishRequests>();
        services.AddScoped<RequestMover>();
        services.AddScoped<Communities.NewCommunity>();
        services.AddScoped<OwnersWord>();
        services.AddScoped<Voices.VoiceSources>();
        services.AddScoped<Voices.VoicesFollow>();
        services.AddScoped<Appointments>();
        services.AddScoped<FeedbackConsequences>();
        services.AddScoped<AnswerBook>();
        services.AddScoped<CallClocks>();
        services.AddScoped<ManagersTold>();
        services.AddScoped<Reworker>();
        services.AddScoped<Reopening>();
        services.AddScoped<Urger>();
        services.AddScoped<FaultPeople>();
        services.AddScoped<FaultJoiner>();
        services.AddScoped<FaultLeaver>();
        services.AddScoped<Attachments.Attacher>();
        services.AddScoped<Communities.PlaceTrees>();
        services.AddScoped<Staff.Accounts>();
        services.AddScoped<Staff.AccountReader>();
        services.AddScoped<Staff.TeamLeaver>();
        services.AddScoped<Messages.MessageParker>();
        services.AddSingleton<Messages.Mailroom>();
        services.AddScoped<TakenUp>();
        services.AddSingleton<RequestImport>();

        services.AddScoped<ServiceFactory>(scope => type => scope.GetService(type)!);
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(AllowedFirst<,>)); // outermost first
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ValidateFirst<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(InTransaction<,>));

        var types = typeof(DomainServices).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }).ToArray();
        foreach (var type in types)
        {
            foreach (var service in type.GetInterfaces().Where(i => i.IsGenericType && Scanned.Contains(i.GetGenericTypeDefinition())))
            {
                // Rules of fields depend on nothing, and building one compiles its expressions: once is enough.
                services.Add(new ServiceDescriptor(service, type, service.GetGenericTypeDefinition() == typeof(IValidator<>) ? ServiceLifetime.Singleton : ServiceLifetime.Scoped));
            }
        }

        _ = RoleTable.Rows; // throws where a command or query has none
        return services;
    }

    /// <summary>How long a statement may take, where the connection string says nothing else; then it is cancelled.</summary>
    internal const int StatementSeconds = 30;

    /// <summary>The pooled source: transactions only, every setting local to one, so nothing needs resetting between them. What the connection string says goes before what is set here.</summary>
    internal static NpgsqlDataSource Source(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!Says(connectionString, nameof(settings.CommandTimeout)))
        {
            settings.CommandTimeout = StatementSeconds;
        }

        settings.NoResetOnClose = true;
        if (!Says(connectionString, nameof(settings.MaxAutoPrepare)))
        {
            settings.MaxAutoPrepare = 250;
            settings.AutoPrepareMinUsages = 2;
        }

        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>Whether whoever wrote the connection string said something about this; the driver's own builder knows a value of everything.</summary>
    private static bool Says(string connectionString, string setting) =>
        new DbConnectionStringBuilder { ConnectionString = connectionString }.Keys.Cast<string>().Any(k => k.Replace(" ", "", StringComparison.Ordinal).Equals(setting, StringComparison.OrdinalIgnoreCase));
}
