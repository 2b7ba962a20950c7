-- Which transaction planned a clock's next look. Whoever has looked at everything up to some time need only look, below it, at what was
-- planned by transactions that the look could not see. The index says so by itself: an entry that an old snapshot keeps is passed over
-- without going to its row.
alter table clock add column planned_in xid8;

create function clock_is_planned() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    new.planned_in := pg_current_xact_id();
    return new;
end
$$;
create trigger planned_first before insert on clock for each row when (new.next_check_at is not null) execute function clock_is_planned();
create trigger planned_anew before update of next_check_at on clock for each row when (new.next_check_at is not null and new.next_check_at is distinct from old.next_check_at)
    execute function clock_is_planned();

drop index clock_to_check;
create index clock_to_check on clock (next_check_at, planned_in) where next_check_at is not null;

-- Clocks to look at, across communities, the longest due first, with the time for which they were planned, and nothing else. Up to p_after
-- everything was looked at that transactions before p_since had planned. The function without p_since is that of the release before, whose
-- workers ask it until they are replaced.
create function clocks_to_check(p_after timestamptz, p_now timestamptz, p_since xid8, p_at_most integer) returns table (community_id uuid, clock_id uuid, next_check_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select d.community_id, d.clock_id, d.next_check_at
    from (
        (select k.community_id, k.clock_id, k.next_check_at
         from clock k
         where k.next_check_at > p_after and k.next_check_at <= p_now
         order by k.next_check_at
         limit p_at_most)
        union all
        (select k.community_id, k.clock_id, k.next_check_at
         from clock k
         where k.next_check_at > p_after - interval '10 minutes' and k.next_check_at <= p_after and k.planned_in >= p_since
         order by k.next_check_at
         limit p_at_most)) d
    order by d.next_check_at
    limit p_at_most
$$;
revoke execute on function clocks_to_check(timestamptz, timestamptz, xid8, integer), clock_is_planned() from public;
grant execute on function clocks_to_check(timestamptz, timestamptz, xid8, integer) to desk_app;

-- ---------------------------------------------------------------- holds

-- One that could not be taken up stands aside until then.
alter table hold add column put_off_until timestamptz;

create or replace function holds_to_wake(p_now timestamptz, p_at_most integer) returns table (community_id uuid, work_order_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select h.community_id, h.work_order_id
    from hold h
    where h.until_at is null and h.wake_at <= p_now and (h.put_off_until is null or h.put_off_until <= p_now)
    order by h.wake_at
    limit p_at_most
$$;

create or replace function holds_over_limit(p_now timestamptz, p_at_most integer) returns table (community_id uuid, work_order_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select h.community_id, h.work_order_id
    from hold h
    where h.until_at is null and h.limit_passed_at is null and h.limit_at <= p_now and (h.put_off_until is null or h.put_off_until <= p_now)
    order by h.limit_at
    limit p_at_most
$$;

-- ---------------------------------------------------------------- jobs

-- A run that takes long says so while it runs: since when, in which worker, and when that worker last said it.
alter table job
    add column running_since timestamptz,
    add column running_worker text check (length(running_worker) <= 100),
    add column running_seen_at timestamptz;
