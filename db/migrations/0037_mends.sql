-- ---------------------------------------------------------------- districts

-- Whoever puts a community into a district, or gives or takes a role of it, holds it until then: the district of this code, and the one
-- that the community is of.
create function lock_districts(p_code text, p_community_id uuid) returns table (district_id uuid, is_named boolean)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    select d.district_id, d.code = p_code
    from district d
    where d.code = p_code or d.district_id = (select c.district_id from community c where c.community_id = p_community_id)
    order by d.district_id
    for no key update of d
$$;
revoke execute on function lock_districts from public;
grant execute on function lock_districts to desk_app;

-- ---------------------------------------------------------------- calls

-- What was handed to somebody who leaves is anybody's again.
create index feedback_handed_to on feedback (community_id, handed_to) where handed_to is not null;

-- ---------------------------------------------------------------- holds

-- A hold whose limit could not be taken up is woken in time all the same: each stands aside for itself.
alter table hold add column limit_put_off_until timestamptz;

create or replace function holds_over_limit(p_now timestamptz, p_at_most integer) returns table (community_id uuid, work_order_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select h.community_id, h.work_order_id
    from hold h
    where h.until_at is null and h.limit_passed_at is null and h.limit_at <= p_now and (h.limit_put_off_until is null or h.limit_put_off_until <= p_now)
    order by h.limit_at
    limit p_at_most
$$;
