using System.Text.Json;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>A clock as the log tells it.</summary>
internal sealed class LoggedClock(Guid subjectId, ClockKind kind, short cycle)
{
    public Guid SubjectId => subjectId;

    public ClockKind Kind => kind;

    public short Cycle => cycle;

    public Guid? ClockId { get; set; }

    public ClockSubject Subject { get; set; }

    public Crew? Crew { get; set; }

    public Guid? PolicyVersion { get; set; }

    public string? Policy { get; set; }

    public Guid? CalendarVersion { get; set; }

    public bool Imposed { get; set; }

    public bool Imported { get; set; }

    public bool TakenUp { get; set; }

    public DateTimeOffset From { get; set; }

    public int? Number { get; set; }

    public AllowanceUnit? Unit { get; set; }

    /// <summary>Where an instant governs and no allowance.</summary>
    public DateTimeOffset? Fixed { get; set; }

    public DateTimeOffset? HeldAt { get; set; }

    public DateTimeOffset? StoppedAt { get; set; }

    public StopReason? Why { get; set; }

    public DateTimeOffset? BreachedAt { get; set; }

    public DateTimeOffset? LateReport { get; set; }

    public Guid? StretchedBy { get; set; }

    /// <summary>Those that lasted; of the one that lasts still the end is open.</summary>
    public List<(DateTimeOffset From, DateTimeOffset? To)> Pauses { get; } = [];

    public void Hold(DateTimeOffset at)
    {
        HeldAt = at;
        Pauses.Add((at, null));
    }

    public void EndPause(DateTimeOffset at)
    {
        for (var i = Pauses.Count - 1; i >= 0; i--)
        {
            if (Pauses[i].To is null)
            {
                Pauses[i] = (Pauses[i].From, at > Pauses[i].From ? at : Pauses[i].From);
            }
        }

        Pauses.RemoveAll(p => p.To == p.From);
        HeldAt = null;
    }

    public void Undo(DateTimeOffset since)
    {
        Pauses.RemoveAll(p => p.From >= since);
        (StoppedAt, Why, LateReport) = (null, null, null);
    }

    public void Stop(DateTimeOffset at, StopReason why)
    {
        EndPause(at);
        (StoppedAt, Why) = (at > From ? at : From, why);
    }
}

/// <summary>Reads the log of a community from its beginning and keeps what it says of clocks: no row of a clock is looked at.</summary>
internal sealed class LoggedClocks
{
    private readonly Dictionary<(Guid, ClockKind, short), LoggedClock> clocks = [];

    // An imported request's clock is told by what was received, closed and imported.
    private readonly Dictionary<Guid, (DateTimeOffset ReportedAt, DateTimeOffset DueAt)> received = [];
    private readonly Dictionary<Guid, (DateTimeOffset At, StopReason Why)> ended = [];
    private readonly Dictionary<Guid, LoggedClock> imported = [];

    /// <summary>What nobody has taken.</summary>
    public IEnumerable<LoggedClock> Left => clocks.Values;

    public LoggedClock? Take(Guid subjectId, ClockKind kind, short cycle) => clocks.Remove((subjectId, kind, cycle), out var clock) ? clock : null;

    public void Read(Guid subjectId, Happening what, DateTimeOffset occurredAt, JsonElement detail)
    {
        if (detail.TryGetProperty("clocks", out var stories))
        {
            foreach (var story in stories.EnumerateArray())
            {
                Read(story.TryGetProperty("of", out var of) ? of.GetGuid() : subjectId, story);
            }
        }
        else
        {
            ReadImport(subjectId, what, occurredAt, detail);
        }

        if (what == Happening.ClockBreached && clocks.TryGetValue((subjectId, EnumWord.Read<ClockKind>(detail.GetProperty("kind").GetString()!), detail.GetProperty("cycle").GetInt16()), out var late))
        {
            late.BreachedAt ??= At(detail, "dueAt"); // a breach that was recorded stands
        }

        if (what == Happening.ImportTakenUp && imported.TryGetValue(subjectId, out var history))
        {
            history.TakenUp = true;
        }
    }

    private void Read(Guid subjectId, JsonElement story)
    {
        var (kind, cycle) = (EnumWord.Read<ClockKind>(story.GetProperty("kind").GetString()!), story.GetProperty("cycle").GetInt16());
        var turn = EnumWord.Read<ClockTurn>(story.GetProperty("turn").GetString()!);
        if (turn == ClockTurn.Start)
        {
            clocks[(subjectId, kind, cycle)] = new LoggedClock(subjectId, kind, cycle);
        }

        if (!clocks.TryGetValue((subjectId, kind, cycle), out var clock))
        {
            return; // nothing says that it ever started: its row, if there is one, will be named
        }

        switch (turn)
        {
            case ClockTurn.Start:
                clock.ClockId = story.GetProperty("id").GetGuid();
                clock.Subject = EnumWord.Read<ClockSubject>(story.GetProperty("subject").GetString()!);
                ReadTerms(clock, story);
                KeepPauses(clock, story);
                break;
            case ClockTurn.Change:
                ReadTerms(clock, story);
                break;
            case ClockTurn.Hold:
                clock.Hold(At(story, "at"));
                break;
            case ClockTurn.GoOn:
                clock.EndPause(At(story, "at"));
                ReadStretch(clock, story);
                break;
            case ClockTurn.Undo:
                clock.Undo(At(story, "since"));
                break;
            case ClockTurn.Stop:
                clock.Stop(At(story, "at"), EnumWord.Read<StopReason>(story.GetProperty("why").GetString()!));
                clock.LateReport = AtOrNone(story, "lateReport");
                clock.BreachedAt ??= AtOrNone(story, "breached");
                ReadStretch(clock, story);
                break;
        }
    }

    private static void ReadStretch(LoggedClock clock, JsonElement story)
    {
        if (story.TryGetProperty("number", out var number))
        {
            clock.Number = number.GetInt32();
            clock.StretchedBy = story.TryGetProperty("stretchedBy", out var declared) && declared.ValueKind == JsonValueKind.String ? declared.GetGuid() : null;
        }
    }

    private void KeepPauses(LoggedClock clock, JsonElement story)
    {
        if (!story.TryGetProperty("after", out var after) || !clocks.TryGetValue((clock.SubjectId, clock.Kind, after.GetInt16()), out var old))
        {
            return;
        }

        clock.HeldAt = AtOrNone(story, "held");
        clock.Pauses.AddRange(old.Pauses.Where(p => p.From != clock.HeldAt));
        if (clock.HeldAt is { } held)
        {
            clock.Pauses.Add((held, null));
        }
    }

    private static void ReadTerms(LoggedClock clock, JsonElement story)
    {
        clock.From = At(story, "from");
        clock.Policy = story.GetProperty("policy").GetString();
        clock.PolicyVersion = story.GetProperty("policyVersion").GetGuid();
        clock.CalendarVersion = story.GetProperty("calendarVersion").GetGuid();
        clock.Number = story.TryGetProperty("number", out var number) ? number.GetInt32() : null;
        clock.Unit = story.TryGetProperty("unit", out var unit) ? EnumWord.Read<AllowanceUnit>(unit.GetString()!) : null;
        clock.Crew = story.TryGetProperty("crew", out var crew) ? EnumWord.Read<Crew>(crew.GetString()!) : null;
        clock.Fixed = AtOrNone(story, "fixed");
        clock.StretchedBy = story.TryGetProperty("stretchedBy", out var declared) ? declared.GetGuid() : null;
        clock.Imposed = story.TryGetProperty("imposed", out var imposed) && imposed.GetBoolean();
    }

    private void ReadImport(Guid requestId, Happening what, DateTimeOffset occurredAt, JsonElement detail)
    {
        switch (what)
        {
            case Happening.RequestReceived when AtOrNone(detail, "imposedDueAt") is { } due:
                received[requestId] = (At(detail, "reportedAt"), due);
                break;
            case Happening.RequestClosed when received.ContainsKey(requestId):
                ended[requestId] = (occurredAt, StopReason.Met);
                break;
            case Happening.RequestCancelled when received.ContainsKey(requestId):
                ended[requestId] = (occurredAt, StopReason.Cancelled);
                break;
            case Happening.RequestImported when received.Remove(requestId, out var first):
                var clock = new LoggedClock(requestId, ClockKind.Finish, 1) { Subject = ClockSubject.Request, Imposed = true, Imported = true, From = first.ReportedAt, Fixed = first.DueAt };
                if (ended.Remove(requestId, out var end))
                {
                    (clock.StoppedAt, clock.Why) = (end.At, end.Why);
                }

                // Late when it was over, or else when it was imported.
                clock.BreachedAt = (clock.StoppedAt ?? occurredAt) > first.DueAt ? first.DueAt : null;
                clocks[(requestId, ClockKind.Finish, 1)] = clock;
                imported[requestId] = clock;
                break;
        }
    }

    private static DateTimeOffset At(JsonElement story, string name) => Instants.Parse(story.GetProperty(name).GetString()!)!.Value;

    private static DateTimeOffset? AtOrNone(JsonElement story, string name) =>
        story.TryGetProperty(name, out var at) && at.ValueKind == JsonValueKind.String ? Instants.Parse(at.GetString()!) : null;
}
