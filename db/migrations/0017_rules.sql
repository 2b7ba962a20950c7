-- Declared events that can still matter; moves of clocks that go on past what cannot be moved; the page of the jobs.

-- Those that were over before a clock began cannot give it time.
create index declared_event_by_end on declared_event (community_id, to_at) where revoked_at is null;

-- ---------------------------------------------------------------- moves of clocks

-- A request or an order whose clocks could not follow an edit: the move went on without it, the desk has an alarm of it, and it is
-- tried again every ten minutes. Its row is deleted when it has followed.
create table clock_move_left_behind (
    community_id uuid not null references community,
    clock_move_id uuid not null,
    subject_id uuid not null,
    subject_kind text not null check (subject_kind in ('request', 'workOrder')),
    left_at timestamptz not null,
    next_try_at timestamptz not null,
    tries integer not null default 1 check (tries > 0),
    primary key (community_id, clock_move_id, subject_id),
    foreign key (community_id, clock_move_id) references clock_move (community_id, clock_move_id)
);
create index clock_move_left_behind_to_try on clock_move_left_behind (next_try_at);
alter table clock_move_left_behind enable row level security;
create policy scope on clock_move_left_behind to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]));
grant select, insert, update, delete on clock_move_left_behind to desk_app;

create function clocks_left_behind(p_now timestamptz, p_at_most integer) returns table (community_id uuid, clock_move_id uuid, subject_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select b.community_id, b.clock_move_id, b.subject_id
    from clock_move_left_behind b
    where b.next_try_at <= p_now
    order by b.next_try_at
    limit p_at_most
$$;
revoke execute on function clocks_left_behind from public;
grant execute on function clocks_left_behind to desk_app;

-- ---------------------------------------------------------------- holds

-- When the owner was rung in vain, where that is the evidence of a hold; and until when a hold counts against its reason's limit.
alter table hold
    add column called_at timestamptz,
    add constraint hold_call_has_a_time check (evidence is distinct from 'call' or called_at is not null) not valid; -- from now on
create index hold_by_order on hold (community_id, work_order_id, reason, from_at);

-- ---------------------------------------------------------------- jobs

-- As 0011 has it, and the other jobs of the schedule. Idempotency keys are kept for 30 days (Schedule.KeysKept).
create or replace function oldest_due(p_now timestamptz) returns table (job_id text, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select 'wake-held-work', (select h.wake_at from hold h where h.until_at is null and h.wake_at <= p_now order by h.wake_at limit 1)
    union all
    select 'pass-hold-limits', (select h.limit_at from hold h where h.until_at is null and h.limit_passed_at is null and h.limit_at <= p_now order by h.limit_at limit 1)
    union all
    select 'escalate-overdue', (select k.next_check_at from clock k where k.next_check_at <= p_now order by k.next_check_at limit 1)
    union all
    select 'move-clocks', least(
        (select m.made_at from clock_move m where m.done_at is null order by m.made_at limit 1),
        (select b.next_try_at from clock_move_left_behind b where b.next_try_at <= p_now order by b.next_try_at limit 1))
    union all
    select 'deliver-messages', (select m.send_after from message m where m.send_after <= p_now and m.sent_at is null and m.parked_at is null order by m.send_after limit 1)
    union all
    select 'chase-feedback', (select f.next_check_at from feedback f where f.next_check_at <= p_now and f.ended_at is null order by f.next_check_at limit 1)
    union all
    select 'forget-old-keys', (select k.created_at + interval '30 days' from idempotency_key k where k.created_at < p_now - interval '30 days' order by k.created_at limit 1)
$$;

call hide_what_tells_of_requests();
