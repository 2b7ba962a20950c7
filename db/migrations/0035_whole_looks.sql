-- Every so often whoever looks for clocks also goes back to the beginning, for what was planned for a time that had passed long before: by
-- a host whose clock is slow, say. That, too, is asked by transaction, so that dead entries are passed over in the index.
-- p_all_since is null where only the last ten minutes before p_after are asked for.
drop function clocks_to_check(timestamptz, timestamptz, xid8, integer);
create function clocks_to_check(p_after timestamptz, p_now timestamptz, p_since xid8, p_all_since xid8, p_at_most integer)
returns table (community_id uuid, clock_id uuid, next_check_at timestamptz)
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
         limit p_at_most)
        union all
        (select k.community_id, k.clock_id, k.next_check_at
         from clock k
         where k.next_check_at <= p_after - interval '10 minutes' and k.planned_in >= p_all_since
         order by k.next_check_at
         limit p_at_most)) d
    order by d.next_check_at
    limit p_at_most
$$;
revoke execute on function clocks_to_check(timestamptz, timestamptz, xid8, xid8, integer) from public;
grant execute on function clocks_to_check(timestamptz, timestamptz, xid8, xid8, integer) to desk_app;
