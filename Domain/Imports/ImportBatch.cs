using System.Text.Json;
using NpgsqlTypes;
using PropertyServiceDesk.Domain.Requests;

namespace PropertyServiceDesk.Domain.Imports;

/// <summary>
/// Writes some rows of a file in one transaction: the requests with their tokens, orders, ended rounds and clocks, and the events that
/// would have been written had they been typed, at their original times. What is there already is left alone, so that a file can be
/// imported again. Nobody is told anything.
/// </summary>
[AllowedTo(Roles.System)]
internal sealed record ImportBatch(Guid CommunityId, ImportMapping Mapping, IReadOnlyList<ImportRow> Rows) : ICommand<BatchImported>
{
    internal sealed class Handler(Db db, TimeProvider clock, Caller caller, EventLog log) : IRequestHandler<ImportBatch, BatchImported>
    {
        // One import at a time in a community: the second one sees what the first one wrote.
        private const string OneAtATime = """
            select pg_advisory_xact_lock(hashtextextended('import:' || @CommunityId::text, 0))
            """;

        private const string MakeCategories = """
            insert into category (community_id, category_id, kind, code, name, name_en, crew, priority, payer, position)
            select @CommunityId, c.category_id, c.kind, c.code, c.name, c.name, c.crew, 'normal', 'free',
                (select coalesce(max(k.position), 0) from category k where k.community_id = @CommunityId) + c.position
            from unnest(@CategoryIds::uuid[], @Kinds::text[], @Codes::text[], @Names::text[], @Crews::text[]) with ordinality c (category_id, kind, code, name, crew, position)
            """;

        private const string MakeTeams = """
            insert into team (community_id, team_id, crew, name, name_en)
            select @CommunityId, t.team_id, t.crew, t.name, t.name
            from unnest(@TeamIds::uuid[], @Crews::text[], @Names::text[]) t (team_id, crew, name)
            """;

        private const string Numbers = """
            select nextval('spoken_number')
            from generate_series(1, @Count)
            """;

        // The plans by which the server looks up foreign keys are kept for the connection: those of the first batch were made for empty tables.
        private const string WriteRequests = """
            discard plans;

            insert into request (community_id, request_id, number, kind, channel, status, outcome, category_id, priority, description, place_id, building_id,
                reporter_name, reporter_phone, reported_at, registered_at, registered_by, imposed_due_at, import_source, import_id, payer, first_replied_at, round,
                finished_at, closed_at, cancelled_at, version)
            select @CommunityId, r.request_id, r.number, r.kind, r.channel, r.status, r.outcome, r.category_id, r.priority, r.description, r.place_id, r.building_id,
                r.reporter_name, r.reporter_phone, r.reported_at, r.registered_at, @By, r.imposed_due_at, @Source, r.import_id, r.payer, r.first_replied_at, r.round,
                r.finished_at, r.closed_at, r.cancelled_at, r.version
            from unnest(@RequestIds::uuid[], @Numbers::bigint[], @Kinds::text[], @Channels::text[], @Statuses::text[], @Outcomes::text[], @CategoryIds::uuid[],
                @Priorities::text[], @Descriptions::text[], @PlaceIds::uuid[], @BuildingIds::uuid[], @ReporterNames::text[], @ReporterPhones::text[],
                @ReportedAt::timestamptz[], @RegisteredAt::timestamptz[], @ImposedDueAt::timestamptz[], @ImportIds::text[], @Payers::text[], @FirstRepliedAt::timestamptz[],
                @Rounds::smallint[], @FinishedAt::timestamptz[], @ClosedAt::timestamptz[], @CancelledAt::timestamptz[], @Versions::integer[])
                r (request_id, number, kind, channel, status, outcome, category_id, priority, description, place_id, building_id, reporter_name, reporter_phone,
                reported_at, registered_at, imposed_due_at, import_id, payer, first_replied_at, round, finished_at, closed_at, cancelled_at, version)
            """;

        private const string WriteTokens = """
            insert into search_token (community_id, token, kind, id)
            select @CommunityId, t.token, 'request', t.id
            from unnest(@Tokens::text[], @TokenIds::uuid[]) t (token, id)
            """;

        private const string WriteOrders = """
            insert into work_order (community_id, work_order_id, number, crew, team_id, status, priority, category_id, place_id, what_to_do, created_at, dispatched_at,
                assigned_at, done_at, voided_at, done_what, payer, version)
            select @CommunityId, o.work_order_id, o.number, o.crew, o.team_id, o.status, o.priority, o.category_id, o.place_id, o.what_to_do, o.created_at, o.dispatched_at,
                o.dispatched_at, o.done_at, o.voided_at, o.done_what, o.payer, o.version
            from unnest(@WorkOrderIds::uuid[], @Numbers::bigint[], @Crews::text[], @TeamIds::uuid[], @Statuses::text[], @Priorities::text[], @CategoryIds::uuid[],
                @PlaceIds::uuid[], @WhatToDos::text[], @CreatedAt::timestamptz[], @DispatchedAt::timestamptz[], @DoneAt::timestamptz[], @VoidedAt::timestamptz[],
                @DoneWhats::text[], @Payers::text[], @Versions::integer[])
                o (work_order_id, number, crew, team_id, status, priority, category_id, place_id, what_to_do, created_at, dispatched_at, done_at, voided_at, done_what, payer, version)
            """;

        private const string WriteLinks = """
            insert into request_work_order (community_id, request_id, work_order_id, mandatory, joined_at)
            select @CommunityId, l.request_id, l.work_order_id, true, l.joined_at
            from unnest(@RequestIds::uuid[], @WorkOrderIds::uuid[], @JoinedAt::timestamptz[]) l (request_id, work_order_id, joined_at)
            """;

        private const string WriteRounds = """
            insert into feedback (community_id, feedback_id, request_id, round, state, not_asked_rule, started_at, ended_at)
            select @CommunityId, f.feedback_id, f.request_id, 1, 'notAsked', @Rule, f.at, f.at
            from unnest(@FeedbackIds::uuid[], @RequestIds::uuid[], @At::timestamptz[]) f (feedback_id, request_id, at)
            """;

        private const string WriteClocks = """
            insert into clock (community_id, clock_id, subject_kind, subject_id, kind, imposed, imported, started_at, due_at, stopped_at, stopped_why, breached_at)
            select @CommunityId, k.clock_id, 'request', k.request_id, 'finish', true, true, k.started_at, k.due_at, k.stopped_at, k.stopped_why, k.breached_at
            from unnest(@ClockIds::uuid[], @RequestIds::uuid[], @StartedAt::timestamptz[], @DueAt::timestamptz[], @StoppedAt::timestamptz[], @StoppedWhys::text[],
                @BreachedAt::timestamptz[]) k (clock_id, request_id, started_at, due_at, stopped_at, stopped_why, breached_at)
            """;

        public async Task<BatchImported> Handle(ImportBatch command, CancellationToken cancellationToken)
        {
            caller.MustBeAllowedIn(command.CommunityId);
            var now = clock.Now();
            await db.Run(OneAtATime, new { command.CommunityId }, cancellationToken);
            var looked = await KnownToCommunity.LookAt(db, command.CommunityId, command.Mapping, command.Rows, now, cancellationToken);
            if (looked.Rows.Count == 0)
            {
                return BatchImported.Of(looked);
            }

            await Make(command.CommunityId, looked, cancellationToken);
            var orders = looked.Rows.Count(f => f.Row.Crew is not null);
            var numbers = await db.List<long>(Numbers, new { Count = looked.Rows.Count + orders }, cancellationToken);
            using var number = numbers.GetEnumerator();
            var imports = looked.Rows.Select(f => new ImportedRequest(f, now, Next(number), f.Row.Crew is null ? null : Next(number))).ToArray();
            var events = new EventBatch(command.CommunityId, caller.Actor, now);
            var writing = Write(command, imports, cancellationToken);
            try
            {
                // While the server writes, the events are put into words.
                foreach (var one in imports)
                {
                    one.Tell(events, command.Mapping.Source, now);
                }
            }
            finally
            {
                await writing;
            }

            await events.Append(db, cancellationToken);
            return BatchImported.Of(looked);
        }

        private static long Next(IEnumerator<long> numbers) => numbers.MoveNext() ? SpokenNumber.Of(numbers.Current) : throw new InvalidOperationException("Too few numbers.");

        private async Task Make(Guid communityId, LookedAt looked, CancellationToken ct)
        {
            if (looked.NewCategories.Count > 0)
            {
                await db.Run(
                    MakeCategories,
                    new
                    {
                        CommunityId = communityId,
                        CategoryIds = looked.NewCategories.Select(c => c.CategoryId).ToArray(),
                        Kinds = looked.NewCategories.Select(c => EnumWord.Of(c.Kind)).ToArray(),
                        Codes = looked.NewCategories.Select(c => c.Code).ToArray(),
                        Names = looked.NewCategories.Select(c => c.Name).ToArray(),
                        Crews = looked.NewCategories.Select(c => c.Crew is { } crew ? EnumWord.Of(crew) : null).ToArray(),
                    },
                    ct);
                foreach (var category in looked.NewCategories)
                {
                    log.Write(communityId, SubjectKind.Community, communityId, Happening.CategoryMade, new { category.CategoryId, category.Kind }, category.Code, Visibility.Desk);
                }
            }

            if (looked.NewTeams.Count > 0)
            {
                await db.Run(
                    MakeTeams,
                    new
                    {
                        CommunityId = communityId,
                        TeamIds = looked.NewTeams.Select(t => t.TeamId).ToArray(),
                        Crews = looked.NewTeams.Select(t => EnumWord.Of(t.Crew)).ToArray(),
                        Names = looked.NewTeams.Select(t => t.Name).ToArray(),
                    },
                    ct);
                foreach (var team in looked.NewTeams)
                {
                    log.Write(communityId, SubjectKind.Community, communityId, Happening.TeamMade, new { team.TeamId, team.Crew, external = false }, visibility: Visibility.Desk);
                }
            }
        }

        private async Task Write(ImportBatch command, ImportedRequest[] all, CancellationToken ct)
        {
            var connection = await db.Entered(ct);
            var orders = all.Where(i => i.WorkOrderId is not null).ToArray();
            var rounds = all.Where(i => i.FeedbackId is not null).ToArray();
            var clocks = all.Where(i => i.Row.DueAt is not null).ToArray();
            var tokens = all.SelectMany(i => RequestTokens.Of(i.Number, i.Row.ImportId.Length <= 60 ? i.Row.ImportId : null, i.Row.ReporterPhone).Select(t => (Token: t, i.RequestId))).ToArray();

            await Run(connection, WriteRequests, command.CommunityId, c => c
                .With("By", NpgsqlDbType.Uuid, caller.Actor.Id)
                .With("Source", NpgsqlDbType.Text, command.Mapping.Source)
                .With("RequestIds", NpgsqlDbType.Uuid, all, i => i.RequestId)
                .With("Numbers", NpgsqlDbType.Bigint, all, i => i.Number)
                .With("Kinds", NpgsqlDbType.Text, all, i => EnumWord.Of(i.Row.Kind))
                .With("Channels", NpgsqlDbType.Text, all, i => EnumWord.Of(i.Row.Channel))
                .With("Statuses", NpgsqlDbType.Text, all, i => EnumWord.Of(i.Status))
                .With("Outcomes", NpgsqlDbType.Text, all, i => Word(i.Row.Outcome))
                .With("CategoryIds", NpgsqlDbType.Uuid, all, i => i.Category.CategoryId)
                .With("Priorities", NpgsqlDbType.Text, all, i => EnumWord.Of(i.Priority))
                .With("Descriptions", NpgsqlDbType.Text, all, i => i.Row.Description)
                .With("PlaceIds", NpgsqlDbType.Uuid, all, i => i.Place?.PlaceId)
                .With("BuildingIds", NpgsqlDbType.Uuid, all, i => i.Place?.BuildingId)
                .With("ReporterNames", NpgsqlDbType.Text, all, i => i.Row.ReporterName)
                .With("ReporterPhones", NpgsqlDbType.Text, all, i => i.Row.ReporterPhone)
                .With("ReportedAt", NpgsqlDbType.TimestampTz, all, i => i.Row.ReportedAt.UtcDateTime)
                .With("RegisteredAt", NpgsqlDbType.TimestampTz, all, i => i.Row.RegisteredAt.UtcDateTime)
                .With("ImposedDueAt", NpgsqlDbType.TimestampTz, all, i => i.Row.DueAt?.UtcDateTime)
                .With("ImportIds", NpgsqlDbType.Text, all, i => i.Row.ImportId)
                .With("Payers", NpgsqlDbType.Text, all, i => EnumWord.Of(i.Category.Payer))
                .With("FirstRepliedAt", NpgsqlDbType.TimestampTz, all, i => i.AnsweredAt?.UtcDateTime)
                .With("Rounds", NpgsqlDbType.Smallint, all, i => i.FeedbackId is null ? (short)0 : (short)1)
                .With("FinishedAt", NpgsqlDbType.TimestampTz, all, i => i.ClosedAt?.UtcDateTime)
                .With("ClosedAt", NpgsqlDbType.TimestampTz, all, i => i.ClosedAt?.UtcDateTime)
                .With("CancelledAt", NpgsqlDbType.TimestampTz, all, i => i.CancelledAt?.UtcDateTime)
                .With("Versions", NpgsqlDbType.Integer, all, i => i.Version), ct);
            await Run(connection, WriteTokens, command.CommunityId, c => c
                .With("Tokens", NpgsqlDbType.Text, tokens, t => t.Token)
                .With("TokenIds", NpgsqlDbType.Uuid, tokens, t => t.RequestId), ct);
            await Run(connection, WriteOrders, command.CommunityId, c => c
                .With("WorkOrderIds", NpgsqlDbType.Uuid, orders, i => i.WorkOrderId)
                .With("Numbers", NpgsqlDbType.Bigint, orders, i => i.OrderNumber)
                .With("Crews", NpgsqlDbType.Text, orders, i => Word(i.Row.Crew))
                .With("TeamIds", NpgsqlDbType.Uuid, orders, i => i.Team?.TeamId)
                .With("Statuses", NpgsqlDbType.Text, orders, i => EnumWord.Of(i.OrderStatus))
                .With("Priorities", NpgsqlDbType.Text, orders, i => EnumWord.Of(i.Priority))
                .With("CategoryIds", NpgsqlDbType.Uuid, orders, i => i.Category.CategoryId)
                .With("PlaceIds", NpgsqlDbType.Uuid, orders, i => i.Place?.PlaceId)
                .With("WhatToDos", NpgsqlDbType.Text, orders, i => i.Category.Name)
                .With("CreatedAt", NpgsqlDbType.TimestampTz, orders, i => i.Row.ReportedAt.UtcDateTime)
                .With("DispatchedAt", NpgsqlDbType.TimestampTz, orders, i => i.Team is null ? (DateTime?)null : i.Row.ReportedAt.UtcDateTime)
                .With("DoneAt", NpgsqlDbType.TimestampTz, orders, i => i.OrderStatus == WorkOrderStatus.Done ? i.Row.ClosedAt?.UtcDateTime : null)
                .With("VoidedAt", NpgsqlDbType.TimestampTz, orders, i => i.OrderStatus == WorkOrderStatus.Voided ? i.Row.ClosedAt?.UtcDateTime : null)
                .With("DoneWhats", NpgsqlDbType.Text, orders, i => i.OrderStatus == WorkOrderStatus.Done ? i.Row.Resolution : null)
                .With("Payers", NpgsqlDbType.Text, orders, i => EnumWord.Of(i.OrderPayer))
                .With("Versions", NpgsqlDbType.Integer, orders, i => i.OrderStatus is WorkOrderStatus.Done or WorkOrderStatus.Voided ? 2 : 1), ct);
            await Run(connection, WriteLinks, command.CommunityId, c => c
                .With("RequestIds", NpgsqlDbType.Uuid, orders, i => i.RequestId)
                .With("WorkOrderIds", NpgsqlDbType.Uuid, orders, i => i.WorkOrderId)
                .With("JoinedAt", NpgsqlDbType.TimestampTz, orders, i => i.Row.ReportedAt.UtcDateTime), ct);
            await Run(connection, WriteRounds, command.CommunityId, c => c
                .With("Rule", NpgsqlDbType.Text, EnumWord.Of(NotAskedRule.Imported))
                .With("FeedbackIds", NpgsqlDbType.Uuid, rounds, i => i.FeedbackId)
                .With("RequestIds", NpgsqlDbType.Uuid, rounds, i => i.RequestId)
                .With("At", NpgsqlDbType.TimestampTz, rounds, i => i.Row.ClosedAt?.UtcDateTime), ct);
            await Run(connection, WriteClocks, command.CommunityId, c => c
                .With("ClockIds", NpgsqlDbType.Uuid, clocks, i => i.ClockId)
                .With("RequestIds", NpgsqlDbType.Uuid, clocks, i => i.RequestId)
                .With("StartedAt", NpgsqlDbType.TimestampTz, clocks, i => i.Row.ReportedAt.UtcDateTime)
                .With("DueAt", NpgsqlDbType.TimestampTz, clocks, i => i.Row.DueAt?.UtcDateTime)
                .With("StoppedAt", NpgsqlDbType.TimestampTz, clocks, i => i.Row.ClosedAt?.UtcDateTime)
                .With("StoppedWhys", NpgsqlDbType.Text, clocks, i => i.StoppedWhy)
                .With("BreachedAt", NpgsqlDbType.TimestampTz, clocks, i => i.BreachedAt?.UtcDateTime), ct);
        }

        private static string? Word<T>(T? value)
            where T : struct, Enum => value is { } word ? EnumWord.Of(word) : null;

        private static async Task Run(NpgsqlConnection connection, string sql, Guid communityId, Action<NpgsqlCommand> parameters, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.With("CommunityId", NpgsqlDbType.Uuid, communityId);
            parameters(command);
            await command.ExecuteNonQueryAsync(ct);
        }
    }
}

/// <summary>
/// A row as the desk will have it: the state that typing it would have led to. What was resolved has its order done; what the desk answered,
/// referred or explained although a crew had it, and what was cancelled, has its order voided. The source does not say when a crew
/// accepted or arrived, and neither do we.
/// </summary>
internal sealed class ImportedRequest(FoundRow found, DateTimeOffset now, long number, long? orderNumber)
{
    public ImportRow Row => found.Row;

    public ImportCategory Category => found.Category;

    public ImportTeam? Team => found.Team;

    public ImportPlace? Place => found.Place;

    public long Number => number;

    public long? OrderNumber => orderNumber;

    public Guid RequestId { get; } = Guid.CreateVersion7(now);

    public Guid? WorkOrderId { get; } = orderNumber is null ? null : Guid.CreateVersion7(now);

    public Guid? FeedbackId { get; } = found.Row.State == ImportedState.Closed ? Guid.CreateVersion7(now) : null;

    public Guid ClockId { get; } = Guid.CreateVersion7(now);

    public Priority Priority => Row.Priority ?? Category.Priority;

    public RequestStatus Status => Row.State switch
    {
        ImportedState.Open => WorkOrderId is null ? RequestStatus.Received : RequestStatus.InProgress,
        ImportedState.Closed => RequestStatus.Closed,
        ImportedState.Cancelled => RequestStatus.Cancelled,
    };

    public WorkOrderStatus OrderStatus => Row.State switch
    {
        ImportedState.Open => Team is null ? WorkOrderStatus.Unassigned : WorkOrderStatus.Dispatched,
        ImportedState.Closed when Row.Outcome == Outcome.Resolved => WorkOrderStatus.Done,
        _ => WorkOrderStatus.Voided,
    };

    /// <summary>Of old work nobody knows the amount that was consented to, so history is not paid by the owner.</summary>
    public Payer OrderPayer => Row.State != ImportedState.Open && Category.Payer == Payer.Owner ? Payer.Free : Category.Payer;

    public DateTimeOffset? ClosedAt => Row.State == ImportedState.Closed ? Row.ClosedAt : null;

    public DateTimeOffset? CancelledAt => Row.State == ImportedState.Cancelled ? Row.ClosedAt : null;

    public DateTimeOffset? AnsweredAt => Row.Outcome is Outcome.Answered or Outcome.Referred or Outcome.Explained ? Row.ClosedAt : null;

    public string? StoppedWhy => Row.State switch
    {
        ImportedState.Open => null,
        ImportedState.Closed => "met",
        ImportedState.Cancelled => "cancelled",
    };

    /// <summary>The due time that passed before it was over, or before now.</summary>
    public DateTimeOffset? BreachedAt => (Row.ClosedAt ?? now) > Row.DueAt ? Row.DueAt : null;

    public int Version => 1 + (WorkOrderId is null ? 0 : 1) + Row.State switch
    {
        ImportedState.Open => 0,
        ImportedState.Closed => WorkOrderId is not null && OrderStatus == WorkOrderStatus.Voided ? 3 : 2,
        ImportedState.Cancelled => 1,
    };

    /// <summary>The events that typing it would have written, and last that it was imported.</summary>
    public void Tell(EventBatch events, string source, DateTimeOffset recordedAt)
    {
        var at = Row.ReportedAt;
        events.Add(
            SubjectKind.Request,
            RequestId,
            Happening.RequestReceived,
            Detail(new
            {
                number,
                Row.Kind,
                Row.Channel,
                Category.CategoryId,
                priority = Priority,
                Place?.PlaceId,
                assetId = (Guid?)null,
                customerId = (Guid?)null,
                reportedAt = at,
                appointment = (AppointmentWindow?)null,
                confidential = false,
                imposedDueAt = Row.DueAt,
            }),
            Row.Description,
            Visibility.Owner,
            at,
            EnumWord.Of(Row.Channel));
        if (WorkOrderId is { } order)
        {
            events.Add(
                SubjectKind.WorkOrder,
                order,
                Happening.WorkDispatched,
                Detail(new
                {
                    number = OrderNumber,
                    Row.Crew,
                    teamId = Team?.TeamId,
                    assigneeId = (Guid?)null,
                    status = Team is null ? WorkOrderStatus.Unassigned : WorkOrderStatus.Dispatched,
                    mandatory = true,
                    waitsForId = (Guid?)null,
                    faultId = (Guid?)null,
                    reworkOfId = (Guid?)null,
                    requestIds = new[] { RequestId },
                }),
                Category.Name,
                Visibility.Crew,
                at);
        }

        if (Row.ClosedAt is { } end)
        {
            TellEnd(events, end);
        }

        events.Add(SubjectKind.Request, RequestId, Happening.RequestImported, Detail(new { source, Row.ImportId }), null, Visibility.Desk, recordedAt);
    }

    private void TellEnd(EventBatch events, DateTimeOffset at)
    {
        if (Row.State == ImportedState.Cancelled)
        {
            events.Add(
                SubjectKind.Request,
                RequestId,
                Happening.RequestCancelled,
                Detail(new { Row.Outcome, duplicateOfId = (Guid?)null, voided = WorkOrderId is { } own ? new[] { own } : [], goOn = Array.Empty<Guid>() }),
                Row.Resolution,
                Visibility.Owner,
                at);
            if (WorkOrderId is { } voided)
            {
                events.Add(SubjectKind.WorkOrder, voided, Happening.WorkVoided, Detail(new { cancelledRequestId = RequestId }), null, Visibility.Crew, at);
            }

            return;
        }

        if (WorkOrderId is { } order)
        {
            if (OrderStatus == WorkOrderStatus.Done)
            {
                events.Add(SubjectKind.WorkOrder, order, Happening.WorkCompleted, Detail(new { materials = 0, finalAmount = (decimal?)null }), Row.Resolution, Visibility.Owner, at);
            }
            else
            {
                events.Add(SubjectKind.WorkOrder, order, Happening.WorkVoided, "{}", Row.Resolution, Visibility.Crew, at);
            }
        }

        if (Row.Outcome == Outcome.Resolved)
        {
            events.Add(SubjectKind.Request, RequestId, Happening.RequestFinished, "{}", null, Visibility.Owner, at);
        }
        else
        {
            if (WorkOrderId is not null)
            {
                events.Add(SubjectKind.Request, RequestId, Happening.RequestBackToReceived, "{}", null, Visibility.Owner, at);
            }

            var what = Row.Outcome switch
            {
                Outcome.Referred => Happening.RequestReferred,
                Outcome.Explained => Happening.RequestExplained,
                _ => Happening.RequestAnswered,
            };
            events.Add(SubjectKind.Request, RequestId, what, Detail(new { onTheSpot = false }), Row.Resolution, Visibility.Owner, at);
        }

        events.Add(SubjectKind.Feedback, FeedbackId!.Value, Happening.FeedbackNotAsked, Detail(new { RequestId, round = (short)1, rule = NotAskedRule.Imported }), null, Visibility.Desk, at);
        events.Add(SubjectKind.Request, RequestId, Happening.RequestClosed, Detail(new { rule = NotAskedRule.Imported }), null, Visibility.Owner, at);
    }

    private static string Detail<T>(T detail) => JsonSerializer.Serialize(detail, Json.Options);
}
