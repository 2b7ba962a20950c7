-- Live streams ask again and again whether their session stands, and are no use of it: an open page alone keeps nobody signed in.

-- As 0012 has it, and: p_use says whether this is a use.
drop function session_holder(bytea, timestamptz, interval);
create function session_holder(p_hash bytea, p_now timestamptz, p_idle interval, p_use boolean default true)
    returns table (session_id uuid, staff_id uuid, sign_in_name text, display_name text, language text, roles text[], teams text[], must_change boolean,
        has_factor boolean, gave_factor boolean, is_demo boolean)
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with touched as (
        update session
        set last_seen_at = p_now
        where p_use and token_hash = p_hash and ended_at is null and expires_at > p_now and last_seen_at > p_now - p_idle and last_seen_at < p_now - interval '1 minute'
    )
    select e.session_id, s.staff_id, s.sign_in_name, s.display_name, s.language,
        array(select r.community_id || ':' || r.role
              from staff_role r
              join community_staff c on c.community_id = r.community_id and c.staff_id = r.staff_id and c.left_at is null
              where r.staff_id = s.staff_id
              order by 1),
        array(select m.community_id || ':' || m.team_id || ':' || t.crew || ':' || m.lead
              from team_member m
              join team t on t.team_id = m.team_id
              where m.staff_id = s.staff_id and m.to_at is null
              order by 1),
        coalesce(k.must_change, false), f.staff_id is not null, e.second_factor_at is not null, s.is_demo
    from session e
    join staff s on s.staff_id = e.staff_id and s.disabled_at is null
    left join staff_credential k on k.staff_id = s.staff_id
    left join staff_factor f on f.staff_id = s.staff_id and f.confirmed_at is not null
    where e.token_hash = p_hash and e.ended_at is null and e.expires_at > p_now and e.last_seen_at > p_now - p_idle
      and (f.staff_id is null or e.second_factor_at is not null or e.created_at > p_now - interval '10 minutes')
$$;

revoke execute on function session_holder from public;
grant execute on function session_holder to desk_app;
