-- The schedule's own record; the ladder of escalations; alarms; what the reports read.

-- ---------------------------------------------------------------- jobs

-- The job engine keeps its tables here, over the direct connection; the application has no right on them.
create schema job_engine;

-- One row of the schedule and what became of its last runs. It is the desk's own, the same for all communities, and says nothing of them.
create table job (
    job_id text primary key check (job_id ~ '^[a-z0-9-]{1,60}$'),
    schedule text not null check (length(schedule) between 1 and 120),
    single boolean not null,
    last_started_at timestamptz,
    last_success_at timestamptz,
    last_failed_at timestamptz,
    last_failure text check (length(last_failure) <= 200),
    last_milliseconds integer check (last_milliseconds >= 0),
    last_rows integer check (last_rows >= 0),
    last_worker text check (length(last_worker) <= 100),
    runs bigint not null default 0,
    rows_done bigint not null default 0,
    failures_in_a_row integer not null default 0
) with (fillfactor = 50);

alter table job enable row level security;
create policy scope on job to desk_app using (true) with check (true);
grant select, insert, update, delete on job to desk_app;

-- ---------------------------------------------------------------- escalations

-- A level that a clock reached: 0 the warning, 1 to 4 the rungs. Recorded once a clock, level and cycle, whatever crashes. Who was told
-- stands in escalation_recipient; a level whose telling waits for office hours has told_at null, and keeps it where the clock stops before.
create table escalation (
    community_id uuid not null references community,
    escalation_id uuid not null primary key,
    clock_id uuid not null,
    cycle smallint not null check (cycle > 0),
    level smallint not null check (level between 0 and 4),
    cause text not null check (cause in ('warning', 'breach', 'stillLate', 'nobodyBelow', 'promiseBroken')),
    request_id uuid,
    work_order_id uuid,
    fault_id uuid,
    crew text check (crew in ('engineering', 'environment', 'security', 'administration')),
    due_at timestamptz not null,
    fired_at timestamptz not null,
    tell_at timestamptz not null,
    told_at timestamptz,
    nobody boolean not null default false,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    promised_at timestamptz,
    promises smallint not null default 0,
    promise_broken_at timestamptz,
    resolved_at timestamptz,
    resolved_by uuid,
    resolved_how text check (resolved_how in ('stopped', 'byHand')),
    version integer not null default 1,
    unique (community_id, escalation_id),
    constraint escalation_once unique (community_id, clock_id, level, cycle),
    foreign key (community_id, clock_id) references clock (community_id, clock_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id),
    foreign key (community_id, fault_id) references fault (community_id, fault_id),
    foreign key (community_id, acknowledged_by) references community_staff (community_id, staff_id),
    foreign key (community_id, resolved_by) references community_staff (community_id, staff_id),
    constraint escalation_warning_is_level_0 check ((level = 0) = (cause = 'warning')),
    constraint escalation_nobody_was_not_told check (not nobody or told_at is null),
    constraint escalation_acknowledged_by_somebody check ((acknowledged_at is null) = (acknowledged_by is null)),
    constraint escalation_promise_is_acknowledged check (promised_at is null or acknowledged_at is not null),
    constraint escalation_resolved_somehow check ((resolved_at is null) = (resolved_how is null)),
    constraint escalation_by_hand_has_a_hand check ((resolved_how is not distinct from 'byHand') = (resolved_by is not null))
);
create index escalation_by_time on escalation (community_id, fired_at desc, escalation_id desc);
create index escalation_open on escalation (community_id, level, fired_at desc, escalation_id desc) where resolved_at is null;
create index escalation_by_request on escalation (community_id, request_id) where request_id is not null;

create table escalation_recipient (
    community_id uuid not null references community,
    escalation_id uuid not null,
    staff_id uuid not null,
    duty text not null check (duty in ('crew', 'crewLead', 'desk', 'customerOfficer', 'manager', 'district')),
    message_id uuid not null,
    told_at timestamptz not null,
    primary key (community_id, escalation_id, staff_id),
    foreign key (community_id, escalation_id) references escalation (community_id, escalation_id),
    foreign key (community_id, staff_id) references community_staff (community_id, staff_id),
    foreign key (community_id, message_id) references message (community_id, message_id)
);

-- What the desk must see and hear: nobody could be told; with danger, somebody must ring now; a clock that could not be looked at.
create table alarm (
    community_id uuid not null references community,
    alarm_id uuid not null primary key,
    kind text not null check (kind in ('nobodyToTell', 'ringNow', 'clockTrouble')),
    clock_id uuid not null,
    escalation_id uuid,
    request_id uuid,
    raised_at timestamptz not null,
    ended_at timestamptz,
    ended_by uuid,
    unique (community_id, alarm_id),
    constraint alarm_once unique (community_id, clock_id, kind),
    foreign key (community_id, clock_id) references clock (community_id, clock_id),
    foreign key (community_id, escalation_id) references escalation (community_id, escalation_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, ended_by) references community_staff (community_id, staff_id),
    check (ended_by is null or ended_at is not null)
);
create index alarm_open on alarm (community_id, raised_at, alarm_id) where ended_at is null;

do $$
declare
    t text;
begin
    foreach t in array array['escalation', 'escalation_recipient', 'alarm']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy scope on %I to desk_app using (community_id = any ((select scope_communities())::uuid[])) with check (community_id = any ((select scope_communities())::uuid[]))', t);
        execute format('grant select, insert, update on %I to desk_app', t);
    end loop;
end
$$;
revoke update on escalation_recipient from desk_app;
grant delete on shift, leave to desk_app;

-- Reports read clocks by when they were due.
create index clock_by_due on clock (community_id, due_at, clock_id) where due_at is not null;

-- Clocks to look at, across communities, the longest due first. Whoever asks remembers up to where it has looked: what was looked at
-- leaves dead entries at the front of the index, which an old snapshot keeps, and which need not be walked over every time.
create function clocks_to_check(p_after timestamptz, p_now timestamptz, p_at_most integer) returns table (community_id uuid, clock_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select k.community_id, k.clock_id
    from clock k
    where k.next_check_at > p_after and k.next_check_at <= p_now
    order by k.next_check_at
    limit p_at_most
$$;

-- The longest overdue row that each sweep has before it: a time only, across communities.
create function oldest_due(p_now timestamptz) returns table (job_id text, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select 'wake-held-work', (select h.wake_at from hold h where h.until_at is null and h.wake_at <= p_now order by h.wake_at limit 1)
    union all
    select 'escalate-overdue', (select k.next_check_at from clock k where k.next_check_at <= p_now order by k.next_check_at limit 1)
$$;

revoke execute on function clocks_to_check, oldest_due from public;
grant execute on function clocks_to_check, oldest_due to desk_app;
