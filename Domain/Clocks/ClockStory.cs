using System.Globalization;
using System.Text.Json.Nodes;

namespace PropertyServiceDesk.Domain.Clocks;

/// <summary>What can become of a clock.</summary>
internal enum ClockTurn
{
    Start,
    Change,
    Hold,
    GoOn,
    Undo,
    Stop,
}

/// <summary>
/// What became of a clock, as it stands in the event that did it (<c>detail.clocks</c>): ids, words, numbers and times, from which the row
/// can be reckoned again. <c>of</c> is written where the clock is not the event's own subject's.
/// </summary>
internal static class ClockStory
{
    public static JsonObject Start(NewClock clock, Guid clockId, short cycle, CurrentSla sla, DateTimeOffset due)
    {
        var story = Terms(Turn(clock.Owed.Kind, cycle, ClockTurn.Start), clock.Owed, clock.Crew, clock.Policy, sla, due);
        story["id"] = clockId;
        story["subject"] = EnumWord.Of(clock.SubjectKind);
        if (clock.After is { } old)
        {
            story["after"] = old.Cycle;
            if (old.HeldAt is { } held)
            {
                story["held"] = Word(held);
            }
        }

        return story;
    }

    public static JsonObject Change(RunningClock clock, Owed owed, Crew? crew, string policy, CurrentSla sla, DateTimeOffset due, DateTimeOffset at)
    {
        var story = Terms(Turn(clock.Kind, clock.Cycle, ClockTurn.Change, at), owed, crew, policy, sla, due);
        if (clock.DueAt is { } before)
        {
            story["dueBefore"] = Word(before);
        }

        if (clock.Policy is { } first && first != policy)
        {
            story["policyBefore"] = first;
        }

        if (clock.PolicyVersionId is { } version && version != sla.PolicyVersionId)
        {
            story["policyVersionBefore"] = version;
        }

        return story;
    }

    public static JsonObject Hold(RunningClock clock, DateTimeOffset at) => Turn(clock.Kind, clock.Cycle, ClockTurn.Hold, at);

    public static JsonObject GoOn(RunningClock clock, DateTimeOffset at, Settled settled)
    {
        var story = Stretch(Turn(clock.Kind, clock.Cycle, ClockTurn.GoOn, at), clock, settled);
        story["due"] = Word(settled.Due.At);
        return story;
    }

    public static JsonObject Undo(ClockKind kind, short cycle, DateTimeOffset since, DateTimeOffset at)
    {
        var story = Turn(kind, cycle, ClockTurn.Undo, at);
        story["since"] = Word(since);
        return story;
    }

    /// <param name="lateReport">When the word came that it had been met in time after all, where it was marked as late by then.</param>
    /// <param name="breach">Since when it was late, where nobody had looked before it stopped.</param>
    /// <param name="settled">Of one that stood still until then.</param>
    public static JsonObject Stop(RunningClock clock, StopReason why, DateTimeOffset at, DateTimeOffset? lateReport, DateTimeOffset? breach, Settled? settled)
    {
        var story = Turn(clock.Kind, clock.Cycle, ClockTurn.Stop, at);
        if (settled is not null)
        {
            Stretch(story, clock, settled);
        }

        story["why"] = EnumWord.Of(why);
        if (lateReport is { } told)
        {
            story["lateReport"] = Word(told);
        }

        if (breach is { } since)
        {
            story["breached"] = Word(since);
        }

        return story;
    }

    public static string Word(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Written only where it runs into another declared event than was known before, or into none.</summary>
    private static JsonObject Stretch(JsonObject story, RunningClock clock, Settled settled)
    {
        if (settled.Number is { } number && (settled.Number, settled.StretchedBy) != (clock.Allowance, clock.StretchedBy))
        {
            story["number"] = number;
            story["stretchedBy"] = settled.StretchedBy;
        }

        return story;
    }

    private static JsonObject Turn(ClockKind kind, short cycle, ClockTurn turn, DateTimeOffset? at = null)
    {
        var story = new JsonObject { ["kind"] = EnumWord.Of(kind), ["cycle"] = cycle, ["turn"] = EnumWord.Of(turn) };
        if (at is { } when)
        {
            story["at"] = Word(when);
        }

        return story;
    }

    private static JsonObject Terms(JsonObject story, Owed owed, Crew? crew, string policy, CurrentSla sla, DateTimeOffset due)
    {
        story["from"] = Word(owed.From);
        story["due"] = Word(due);
        story["policy"] = policy;
        story["policyVersion"] = sla.PolicyVersionId;
        story["calendarVersion"] = sla.Calendars[owed.Calendar].VersionId;
        if (owed.Allowance is { } allowance)
        {
            story["number"] = allowance.Number;
            story["unit"] = EnumWord.Of(allowance.Unit);
        }

        if (owed.FixedAt is { } at)
        {
            story["fixed"] = Word(at);
        }

        if (crew is { } one)
        {
            story["crew"] = EnumWord.Of(one);
        }

        if (owed.StretchedBy is { } declared)
        {
            story["stretchedBy"] = declared;
        }

        if (owed.Imposed)
        {
            story["imposed"] = true;
        }

        return story;
    }
}
