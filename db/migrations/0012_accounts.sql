-- Accounts and who administers them: second factors, tokens of other systems, people of a company's identity provider.

-- ---------------------------------------------------------------- secrets of second factors

-- No rights for desk_app: the secret is read for its owner alone, and a code is used up as it is checked.
create table staff_factor (
    staff_id uuid primary key references staff,
    secret bytea not null check (length(secret) = 20),
    created_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);
create table recovery_code (
    staff_id uuid not null references staff,
    code_hash bytea not null check (length(code_hash) = 32),
    primary key (staff_id, code_hash)
);
alter table staff_factor enable row level security;
alter table recovery_code enable row level security;
grant update (second_factor_at) on session to desk_app;

-- ---------------------------------------------------------------- who holds a session

-- Who holds this session, and what they are where: roles is 'community:role' pairs, teams is 'community:team:crew:lead' of today.
-- A session that nobody used for p_idle is over; so is one that lacks the second factor for ten minutes. That it was used is written
-- down once a minute.
drop function session_holder(bytea, timestamptz, interval);
create function session_holder(p_hash bytea, p_now timestamptz, p_idle interval)
    returns table (session_id uuid, staff_id uuid, sign_in_name text, display_name text, language text, roles text[], teams text[], must_change boolean,
        has_factor boolean, gave_factor boolean, is_demo boolean)
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

-- ---------------------------------------------------------------- accounts

alter table staff add column version integer not null default 1;
grant update (display_name, language, phone, disabled_at, version) on staff to desk_app;

-- Where somebody works now, also where the caller does not: who may touch an account as a whole is who answers for all of it.
create function staff_reach(p_staff uuid) returns table (community_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select c.community_id
    from community_staff c
    where c.staff_id = p_staff and c.left_at is null and staff_in_scope(p_staff)
$$;

-- How these accounts can be entered.
create function staff_doors(p_staff uuid[], p_now timestamptz) returns table (staff_id uuid, has_password boolean, must_change boolean, has_factor boolean, last_seen_at timestamptz, open_sessions integer)
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.staff_id, k.staff_id is not null, coalesce(k.must_change, false),
        exists (select from staff_factor f where f.staff_id = s.staff_id and f.confirmed_at is not null),
        (select max(e.last_seen_at) from session e where e.staff_id = s.staff_id),
        (select count(*) from session e where e.staff_id = s.staff_id and e.ended_at is null and e.expires_at > p_now)::integer
    from staff s
    left join staff_credential k on k.staff_id = s.staff_id
    where s.staff_id = any (p_staff) and staff_in_scope(s.staff_id)
$$;

create function end_sessions_of(p_staff uuid, p_now timestamptz) returns integer
language sql security definer set search_path = pg_catalog, public as $$
    with ended as (
        update session set ended_at = p_now where staff_id = p_staff and ended_at is null and staff_in_scope(p_staff) returning 1
    )
    select count(*)::integer from ended
$$;

-- An order is given only to somebody who works there, also in the instant in which they leave: leaving locks the row that is shared here.
create function assignee_works_here() returns trigger
language plpgsql as $$
begin
    perform from community_staff where community_id = new.community_id and staff_id = new.assignee_id and left_at is null for share;
    if not found then
        raise exception 'the assignee does not work here' using errcode = 'check_violation', constraint = 'work_order_assignee_works_here';
    end if;
    return new;
end
$$;
create trigger work_order_assignee_works_here before insert or update of assignee_id on work_order
    for each row when (new.assignee_id is not null and new.status not in ('done', 'voided')) execute function assignee_works_here();

revoke execute on function staff_reach, staff_doors, end_sessions_of, assignee_works_here from public;
grant execute on function staff_reach, staff_doors, end_sessions_of to desk_app;

-- ---------------------------------------------------------------- tokens of other systems

create table api_token (
    token_id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null,
    created_by uuid not null references staff,
    expires_at timestamptz not null check (expires_at > created_at),
    revoked_at timestamptz,
    revoked_by uuid references staff,
    last_used_at timestamptz,
    last_address text check (length(last_address) <= 60)
);

create table api_token_role (
    community_id uuid not null references community,
    token_id uuid not null references api_token,
    role text not null check (role in ('clerk', 'customerOfficer', 'manager', 'system')),
    primary key (community_id, token_id, role)
);
create index api_token_role_by_token on api_token_role (token_id);

alter table api_token_role enable row level security;
create policy scope on api_token_role to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]));
grant select, insert on api_token_role to desk_app;

-- Seen and revoked where it may do something; its hash is never seen.
alter table api_token enable row level security;
create policy seen on api_token for select to desk_app using (
    exists (select from api_token_role r where r.token_id = api_token.token_id and r.community_id = any ((select scope_communities())::uuid[])));
create policy revoked on api_token for update to desk_app using (
    exists (select from api_token_role r where r.token_id = api_token.token_id and r.community_id = any ((select scope_communities())::uuid[])));
create policy made on api_token for insert to desk_app with check (created_by = (select scope_actor()));
grant select (token_id, name, created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at, last_address), insert, update (revoked_at, revoked_by) on api_token to desk_app;

create function token_holder(p_hash bytea, p_now timestamptz, p_address text) returns table (token_id uuid, name text, roles text[])
language sql security definer set search_path = pg_catalog, public as $$
    with touched as (
        update api_token
        set last_used_at = p_now, last_address = p_address
        where token_hash = p_hash and revoked_at is null and expires_at > p_now and (last_used_at is null or last_used_at < p_now - interval '1 minute')
    )
    select t.token_id, t.name, array(select r.community_id || ':' || r.role from api_token_role r where r.token_id = t.token_id order by 1)
    from api_token t
    where t.token_hash = p_hash and t.revoked_at is null and t.expires_at > p_now
$$;

revoke execute on function token_holder from public;
grant execute on function token_holder to desk_app;

-- ---------------------------------------------------------------- the second factor

create function own_factor() returns table (secret bytea, confirmed_at timestamptz, last_step bigint, codes_left integer)
language sql stable security definer set search_path = pg_catalog, public as $$
    select f.secret, f.confirmed_at, f.last_step, (select count(*) from recovery_code c where c.staff_id = f.staff_id)::integer
    from staff_factor f
    where f.staff_id = scope_actor()
$$;

-- A new secret, unless one is confirmed.
create function begin_factor(p_secret bytea, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    insert into staff_factor as f (staff_id, secret, created_at) values (scope_actor(), p_secret, p_now)
    on conflict (staff_id) do update set secret = p_secret, created_at = p_now, last_step = 0 where f.confirmed_at is null
    returning true
$$;

-- Each step of time is good once; the first one confirms.
create function use_factor(p_step bigint, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    update staff_factor set last_step = p_step, confirmed_at = coalesce(confirmed_at, p_now)
    where staff_id = scope_actor() and last_step < p_step
    returning true
$$;

create function set_recovery_codes(p_hashes bytea[]) returns void
language sql security definer set search_path = pg_catalog, public as $$
    delete from recovery_code where staff_id = scope_actor();
    insert into recovery_code (staff_id, code_hash) select scope_actor(), h from unnest(p_hashes) h
$$;

create function use_recovery_code(p_hash bytea) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    delete from recovery_code where staff_id = scope_actor() and code_hash = p_hash returning true
$$;

create function remove_factor(p_staff uuid) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    delete from recovery_code where staff_id = p_staff and staff_in_scope(p_staff);
    delete from staff_factor where staff_id = p_staff and staff_in_scope(p_staff) returning true
$$;

-- The session goes on under another token: one that somebody knew before is worth nothing.
create function pass_second_factor(p_hash bytea, p_new_hash bytea, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public as $$
    update session set token_hash = p_new_hash, second_factor_at = p_now
    where token_hash = p_hash and ended_at is null and expires_at > p_now and staff_id = scope_actor()
    returning true
$$;

revoke execute on function own_factor, begin_factor, use_factor, set_recovery_codes, use_recovery_code, remove_factor, pass_second_factor from public;
grant execute on function own_factor, begin_factor, use_factor, set_recovery_codes, use_recovery_code, remove_factor, pass_second_factor to desk_app;

-- ---------------------------------------------------------------- people whom the company's identity provider knows

-- Issuer and subject, as its tokens name them; such an account has no password here.
alter table staff add column external_subject text constraint staff_external_subject_is_unique unique check (length(external_subject) between 3 and 600);

create function provided_holder(p_subject text) returns table (staff_id uuid, display_name text, language text, disabled boolean, roles text[], district_roles text[], teams text[])
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.staff_id, s.display_name, s.language, s.disabled_at is not null,
        array(select r.community_id || ':' || r.role
              from staff_role r
              join community_staff c on c.community_id = r.community_id and c.staff_id = r.staff_id and c.left_at is null
              where r.staff_id = s.staff_id
              order by 1),
        array(select r.community_id || ':' || r.role from staff_role r where r.staff_id = s.staff_id and r.district_id is not null order by 1),
        array(select m.community_id || ':' || m.team_id || ':' || t.crew || ':' || m.lead
              from team_member m
              join team t on t.team_id = m.team_id
              where m.staff_id = s.staff_id and m.to_at is null
              order by 1)
    from staff s
    where s.external_subject = p_subject
$$;

-- Nothing where somebody has the name or the subject already: an account is never taken over by its name.
create function register_provided(p_staff uuid, p_subject text, p_name text, p_display text, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
    insert into staff (staff_id, sign_in_name, display_name, external_subject, created_at) values (p_staff, p_name, p_display, p_subject, p_now)
    on conflict do nothing
$$;

create function communities_by_code(p_codes text[]) returns table (code text, community_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select c.code, c.community_id from community c where c.code = any (p_codes)
$$;

revoke execute on function provided_holder, register_provided, communities_by_code from public;
grant execute on function provided_holder, register_provided, communities_by_code to desk_app;

-- ---------------------------------------------------------------- what a query costs more

-- As 0003 has it, but planned once a connection instead of at each query: that took longer than most queries do.
create or replace function hidden_requests(p_actor uuid, p_communities uuid[]) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, public set plan_cache_mode = force_generic_plan as $$
begin
    -- Most people sit in no crew, and nobody complained about them: two looks into an index tell that.
    if not exists (select from team_member m where m.staff_id = p_actor and m.to_at is null)
        and not exists (select from request r where r.confidential and r.kind = 'complaint' and r.about_staff_id = p_actor and r.community_id = any (p_communities)) then
        return '{}';
    end if;

    return (
        select coalesce(array_agg(distinct h.request_id), '{}')
        from (
            select r.request_id
            from request r
            where r.confidential and r.kind = 'complaint' and r.about_staff_id = p_actor
              and r.community_id = any (p_communities) and r.community_id = any (scope_communities())
            union all
            select r.request_id
            from (
                select distinct m.community_id, t.crew
                from team_member m
                join team t on t.community_id = m.community_id and t.team_id = m.team_id
                where m.staff_id = p_actor and m.to_at is null and m.community_id = any (p_communities) and m.community_id = any (scope_communities())
            ) mine
            join request r on r.community_id = mine.community_id and r.confidential and r.kind = 'complaint'
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            where coalesce(r.about_crew, c.crew) = mine.crew
               or exists (
                select from team_member x
                join team xt on xt.community_id = x.community_id and xt.team_id = x.team_id
                where x.community_id = r.community_id and x.staff_id = r.about_staff_id and x.to_at is null and xt.crew = mine.crew)
        ) h);
end
$$;
