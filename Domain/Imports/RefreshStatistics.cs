namespace PropertyServiceDesk.Domain.Imports;

/// <summary>The last step of an import: the server looks at what has come, so that the next list or report is planned by it.</summary>
[AllowedTo(Roles.System)]
internal sealed record RefreshStatistics : ICommand<bool>
{
    internal sealed class Handler(Db db) : IRequestHandler<RefreshStatistics, bool>
    {
        private const string Refresh = """
            select refresh_statistics()
            """;

        public async Task<bool> Handle(RefreshStatistics command, CancellationToken cancellationToken)
        {
            await db.Run(Refresh, null, cancellationToken);
            return true;
        }
    }
}
