-- Clocks: limits of holds, reports that come late from a phone without signal, the time of a demo.

-- A hold stops clocks until limit_at, then they go on from there, until a manager agrees.
alter table hold
    add column limit_at timestamptz check (limit_at >= from_at),
    add column limit_passed_at timestamptz check (limit_passed_at >= from_at),
    add column agreed_at timestamptz check (agreed_at >= from_at),
    add constraint hold_agreed_by_a_person check ((agreed_by is null) = (agreed_at is null)),
    add constraint hold_agreed_by_works_here foreign key (community_id, agreed_by) references community_staff (community_id, staff_id);
create index hold_over_limit on hold (limit_at) where until_at is null and limit_passed_at is null and limit_at is not null;

create function holds_over_limit(p_now timestamptz, p_at_most integer) returns table (community_id uuid, work_order_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select h.community_id, h.work_order_id
    from hold h
    where h.until_at is null and h.limit_passed_at is null and h.limit_at <= p_now
    order by h.limit_at
    limit p_at_most
$$;
revoke execute on function holds_over_limit from public;
grant execute on function holds_over_limit to desk_app;

-- It was marked as late, and then somebody who had had no signal reported that it had been met in time: when that word came. The breach stands.
alter table clock
    add column late_report_at timestamptz check (late_report_at >= started_at),
    add constraint clock_late_report_is_of_a_breach check (late_report_at is null or (breached_at is not null and stopped_why is not distinct from 'met'));

-- ---------------------------------------------------------------- the time of a demo

-- One row in a demo or a test, none in production. The desk's time is desk_at and what has passed since real_at.
create table desk_clock (
    one boolean primary key default true check (one),
    real_at timestamptz not null,
    desk_at timestamptz not null
);
alter table desk_clock enable row level security;
create policy everybody_looks on desk_clock for select to desk_app using (true);
grant select on desk_clock to desk_app;

-- Forward only, and only where it was begun (by a host that was told to, over the owner's connection).
create function move_desk_clock(p_real timestamptz, p_to timestamptz, p_by interval) returns table (real_at timestamptz, desk_at timestamptz)
language sql security definer set search_path = pg_catalog, public as $$
    update desk_clock c
    set desk_at = coalesce(p_to, c.desk_at + (p_real - c.real_at) + p_by), real_at = p_real
    where coalesce(p_to >= c.desk_at + (p_real - c.real_at), p_by >= interval '0')
    returning c.real_at, c.desk_at
$$;
revoke execute on function move_desk_clock from public;
grant execute on function move_desk_clock to desk_app;

-- ---------------------------------------------------------------- declared events, clocks that follow an edit

-- A typhoon, a red alert: chosen targets are stretched by a factor. No policies named: all whose clocks may ever stand still; no kinds: all.
create table declared_event (
    community_id uuid not null references community,
    declared_event_id uuid not null primary key,
    name text not null check (length(name) between 1 and 100),
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    factor numeric(4, 2) not null check (factor > 1 and factor <= 10),
    policies text[] not null,
    kinds text[] not null check (kinds <@ array['accept', 'arrive', 'safe', 'controlled', 'firstReply', 'writtenReply', 'arranged', 'finish', 'feedback']),
    declared_at timestamptz not null,
    declared_by uuid not null,
    ended_at timestamptz,
    ended_by uuid,
    revoked_at timestamptz,
    version integer not null default 1,
    unique (community_id, declared_event_id),
    foreign key (community_id, declared_by) references community_staff (community_id, staff_id),
    foreign key (community_id, ended_by) references community_staff (community_id, staff_id),
    check ((ended_at is null) = (ended_by is null))
);
create index declared_event_by_time on declared_event (community_id, from_at desc, declared_event_id desc);

alter table clock
    add column stretched_by uuid,
    add constraint clock_stretched_by_an_event foreign key (community_id, stretched_by) references declared_event (community_id, declared_event_id);

-- Open clocks follow an edit of the profile, of a calendar or of an event, a batch at a time: requests by id, then orders by id.
create table clock_move (
    community_id uuid not null references community,
    clock_move_id uuid not null primary key,
    why text not null check (why in ('profile', 'calendar', 'event')),
    version_id uuid not null,
    made_at timestamptz not null,
    made_by uuid not null,
    expected integer not null check (expected >= 0),
    at_kind text not null default 'request' check (at_kind in ('request', 'workOrder')),
    after_id uuid not null default '00000000-0000-0000-0000-000000000000',
    moved integer not null default 0 check (moved >= 0),
    done_at timestamptz,
    unique (community_id, clock_move_id),
    foreign key (community_id, made_by) references community_staff (community_id, staff_id)
);
create index clock_move_open on clock_move (made_at) where done_at is null;
create index clock_move_by_time on clock_move (community_id, made_at desc);
create index clock_running_by_subject on clock (community_id, subject_kind, subject_id) where stopped_at is null;

do $$
declare
    t text;
begin
    foreach t in array array['declared_event', 'clock_move']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy scope on %I to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]))', t);
        execute format('grant select, insert, update on %I to desk_app', t);
    end loop;
end
$$;

create function clock_moves_open(p_at_most integer) returns table (community_id uuid, clock_move_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.community_id, m.clock_move_id
    from clock_move m
    where m.done_at is null
    order by m.made_at
    limit p_at_most
$$;
revoke execute on function clock_moves_open from public;
grant execute on function clock_moves_open to desk_app;
