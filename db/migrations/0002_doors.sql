-- Who gets in: sessions that can be seen and ended, the pace of sign-in, passwords that somebody else made.

-- ---------------------------------------------------------------- sessions

alter table session
    add column last_seen_at timestamptz,
    add column second_factor_at timestamptz;
update session set last_seen_at = created_at;
alter table session alter column last_seen_at set not null;
create index session_by_start on session (staff_id, created_at);

-- One's own, and never the hash of its token.
create policy scope on session to desk_app using (staff_id = (select scope_actor()));
grant select (session_id, staff_id, created_at, expires_at, ended_at, last_seen_at, second_factor_at, address, user_agent), update (ended_at) on session to desk_app;

-- Sessions that were over 90 days ago are forgotten as new ones begin: until then they tell from where somebody usually signs in.
create or replace function start_session(p_session uuid, p_staff uuid, p_hash bytea, p_now timestamptz, p_expires timestamptz, p_address text, p_agent text) returns void
language sql security definer set search_path = pg_catalog, public as $$
    delete from session
    where session_id in (select session_id from session where staff_id = p_staff and created_at < p_now - interval '90 days' and expires_at < p_now order by created_at limit 10);
    insert into session (session_id, staff_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent)
    values (p_session, p_staff, p_hash, p_now, p_expires, p_now, p_address, p_agent)
$$;

-- ---------------------------------------------------------------- passwords

-- One that somebody else made is good for a while, and only for choosing one's own.
alter table staff_credential
    add column must_change boolean not null default false,
    add column good_until timestamptz;

-- Whose account the running scope may touch: one's own, and those of people who work, or worked, where one works.
create function staff_in_scope(p_staff uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
    select p_staff = scope_actor() or exists (select from community_staff c where c.staff_id = p_staff and c.community_id = any (scope_communities()))
$$;

create function set_password(p_staff uuid, p_hash text, p_must_change boolean, p_good_until timestamptz, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    update staff_credential
    set password_hash = p_hash, must_change = p_must_change, good_until = p_good_until, changed_at = p_now
    where staff_id = p_staff and staff_in_scope(p_staff)
    returning true
$$;

-- ---------------------------------------------------------------- the pace of sign-in

-- Failed attempts by address, by name, and by name at an address; keys are hashes, since people type passwords where names belong.
create table sign_in_attempt (
    key_hash bytea primary key check (length(key_hash) = 32),
    failures integer not null check (failures >= 0),
    last_at timestamptz not null,
    wait_until timestamptz
);
create index sign_in_attempt_by_age on sign_in_attempt (last_at);
alter table sign_in_attempt enable row level security;

-- Counts the attempt before anything is known about it, so that many at once are counted, too; clear_sign_in takes it back. The keys
-- are locked in the order in which they are given: address, name, name at this address. While one of them waits, nothing is counted and
-- nothing is told. Waiting for the name alone does not hold up an address from which this person signed in within 90 days.
create function begin_sign_in(p_name text, p_address text, p_keys bytea[], p_free integer[], p_most integer[], p_now timestamptz)
    returns table (wait_until timestamptz, staff_id uuid, password_hash text)
language plpgsql security definer set search_path = pg_catalog, public as $$
#variable_conflict use_column
declare
    v_known boolean;
    v_at timestamptz;
    v_wait timestamptz;
begin
    delete from sign_in_attempt
    where key_hash in (select a.key_hash from sign_in_attempt a where a.last_at < p_now - interval '1 day' order by a.last_at limit 10 for update skip locked);

    v_known := exists (
        select from session e
        join staff s on s.staff_id = e.staff_id
        where s.sign_in_name = p_name and e.address = p_address and e.created_at > p_now - interval '90 days');

    for i in 1 .. cardinality(p_keys) loop
        insert into sign_in_attempt as a (key_hash, failures, last_at) values (p_keys[i], 0, p_now)
        on conflict (key_hash) do update set last_at = a.last_at
        returning a.wait_until into v_at;
        if v_at > p_now and not (i = 2 and v_known) then
            v_wait := greatest(v_wait, v_at);
        end if;
    end loop;

    if v_wait is not null then
        return query select v_wait, null::uuid, null::text;
        return;
    end if;

    update sign_in_attempt a
    set failures = n.failures, last_at = p_now,
        wait_until = case when n.failures >= n.free then p_now + make_interval(secs => least(power(2, least(n.failures - n.free, 20)), n.most)) end
    from (
        select b.key_hash, k.free, k.most, case when b.last_at < p_now - interval '1 hour' then 1 else b.failures + 1 end as failures
        from unnest(p_keys, p_free, p_most) k (key_hash, free, most)
        join sign_in_attempt b on b.key_hash = k.key_hash) n
    where a.key_hash = n.key_hash;

    return query
        select null::timestamptz, s.staff_id, c.password_hash
        from (select p_name as name) typed
        left join staff s on s.sign_in_name = typed.name and s.disabled_at is null
        left join staff_credential c on c.staff_id = s.staff_id and (c.good_until is null or c.good_until > p_now);
end
$$;

-- They belonged together: of the address this one attempt is forgotten, of the name all.
create function clear_sign_in(p_keys bytea[]) returns void
language sql security definer set search_path = pg_catalog, public as $$
    update sign_in_attempt set failures = greatest(failures - 1, 0), wait_until = null where key_hash = p_keys[1];
    delete from sign_in_attempt where key_hash = any (p_keys[2:])
$$;

-- ---------------------------------------------------------------- who holds a session

-- Who holds this session, and what they are where: roles is 'community:role' pairs, teams is 'community:team:crew:lead' of today.
-- A session that nobody used for p_idle is over; that it was used is written down once a minute.
drop function session_holder(bytea, timestamptz);
create function session_holder(p_hash bytea, p_now timestamptz, p_idle interval)
    returns table (session_id uuid, staff_id uuid, sign_in_name text, display_name text, language text, roles text[], teams text[], must_change boolean)
language sql security definer set search_path = pg_catalog, public as $$
    with touched as (
        update session
        set last_seen_at = p_now
        where token_hash = p_hash and ended_at is null and expires_at > p_now and last_seen_at > p_now - p_idle and last_seen_at < p_now - interval '1 minute'
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
        coalesce(k.must_change, false)
    from session e
    join staff s on s.staff_id = e.staff_id and s.disabled_at is null
    left join staff_credential k on k.staff_id = s.staff_id
    where e.token_hash = p_hash and e.ended_at is null and e.expires_at > p_now and e.last_seen_at > p_now - p_idle
$$;

revoke execute on function staff_in_scope, set_password, begin_sign_in, clear_sign_in, session_holder from public;
grant execute on function set_password, begin_sign_in, clear_sign_in, session_holder to desk_app;
