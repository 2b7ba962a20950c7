-- The walls once more: what a token, a former seat, a second erasure or a race let through.

-- ---------------------------------------------------------------- confidential complaints

-- What the category said when it was registered stays, whatever category it is given later.
update request r
set about_crew = c.crew
from category c
where r.confidential and r.kind = 'complaint' and r.about_crew is null and c.community_id = r.community_id and c.category_id = r.category_id and c.crew is not null;

drop index team_member_of_staff;
create index team_member_of_staff on team_member (staff_id);

-- As 0012 has it, and: a token sees no more than whoever made it; and a crew is theirs in which they sat at any time since it was
-- reported.
create or replace function hidden_requests(p_actor uuid, p_communities uuid[]) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan as $$
declare
    v_person uuid := coalesce((select t.created_by from api_token t where t.token_id = p_actor), p_actor);
begin
    -- Most people never sat in a crew, and nobody complained about them: two looks into an index tell that.
    if not exists (select from team_member m where m.staff_id = v_person)
        and not exists (select from request r where r.confidential and r.kind = 'complaint' and r.about_staff_id = v_person and r.community_id = any (p_communities)) then
        return '{}';
    end if;

    return (
        select coalesce(array_agg(distinct h.request_id), '{}')
        from (
            select r.request_id
            from request r
            where r.confidential and r.kind = 'complaint' and r.about_staff_id = v_person
              and r.community_id = any (p_communities) and r.community_id = any (scope_communities())
            union all
            select r.request_id
            from (
                select m.community_id, t.crew, max(coalesce(m.to_at, 'infinity')) as until
                from team_member m
                join team t on t.community_id = m.community_id and t.team_id = m.team_id
                where m.staff_id = v_person and m.community_id = any (p_communities) and m.community_id = any (scope_communities())
                group by m.community_id, t.crew
            ) mine
            join request r on r.community_id = mine.community_id and r.confidential and r.kind = 'complaint' and r.reported_at <= mine.until
            join category c on c.community_id = r.community_id and c.category_id = r.category_id
            where coalesce(r.about_crew, c.crew) = mine.crew
               or exists (
                select from team_member x
                join team xt on xt.community_id = x.community_id and xt.team_id = x.team_id
                where x.community_id = r.community_id and x.staff_id = r.about_staff_id and (x.to_at is null or x.to_at >= r.reported_at) and xt.crew = mine.crew)
        ) h);
end
$$;

-- Whether an order serves a request that must not be found: then who said what about it tells who.
create function serves_hidden(p_community uuid, p_work_order uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from request_work_order l
        where l.community_id = p_community and l.work_order_id = p_work_order and l.community_id = any (scope_communities()) and l.request_id = any (scope_hidden()))
$$;
revoke execute on function serves_hidden from public;
grant execute on function serves_hidden to desk_app;

-- ---------------------------------------------------------------- a person's right to be forgotten

create index call_attempt_by_number on call_attempt (community_id, number_dialled);
create index feedback_by_number on feedback (community_id, number_dialled) where number_dialled is not null;

-- The requests of others that name one of this person's numbers: for which they rang, or were rung.
create function requests_naming_customer(p_community uuid, p_customer uuid) returns setof uuid
language sql stable as $$
    with phone as (
        select p.normalised as number
        from contact_point p
        where p.community_id = p_community and p.customer_id = p_customer and p.kind = 'phone'
    )
    select r.request_id
    from phone
    join request r on r.community_id = p_community and r.reporter_phone = phone.number
    union
    select f.request_id
    from phone
    join feedback f on f.community_id = p_community and f.number_dialled = phone.number
    union
    select f.request_id
    from phone
    join call_attempt a on a.community_id = p_community and a.number_dialled = phone.number
    join feedback f on f.community_id = a.community_id and f.feedback_id = a.feedback_id
$$;
revoke execute on function requests_naming_customer from public;
grant execute on function requests_naming_customer to desk_app;

-- As 0003 has it, and: again, where something was written after the first time; calls to their numbers about others' requests;
-- materials and quotes; names of files in kept replies.
create or replace function erase_customer(p_community uuid, p_customer uuid, p_now timestamptz)
    returns table (requests integer, work_orders integer, attachments integer, texts bigint[])
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    v_requests uuid[];
    v_orders uuid[];
    v_feedback uuid[];
    v_files uuid[];
    v_phones text[];
begin
    if p_community <> all (scope_communities())
        or not exists (select from customer c where c.community_id = p_community and c.customer_id = p_customer) then
        raise exception 'there is no such customer in this scope' using errcode = 'insufficient_privilege';
    end if;

    v_requests := array(select requests_of_customer(p_community, p_customer));
    v_orders := array(select orders_of_requests_alone(p_community, v_requests));
    v_feedback := array(select f.feedback_id from feedback f where f.community_id = p_community and f.request_id = any (v_requests));
    v_files := array(
        select a.attachment_id from attachment a where a.community_id = p_community and a.request_id = any (v_requests)
        union
        select a.attachment_id from attachment a where a.community_id = p_community and a.work_order_id = any (v_orders));
    v_phones := array(select p.normalised from contact_point p where p.community_id = p_community and p.customer_id = p_customer and p.kind = 'phone');

    update work_order o
    set what_to_do = '', done_what = case when o.done_what is null then null else '' end, cause = null, version = o.version + 1
    where o.community_id = p_community and o.work_order_id = any (v_orders);
    update hold h set note = null where h.community_id = p_community and h.work_order_id = any (v_orders) and h.note is not null;
    update quote q set consented_by = '–' where q.community_id = p_community and q.work_order_id = any (v_orders) and q.consented_by is not null;
    update material m set name = '–' where m.community_id = p_community and m.work_order_id = any (v_orders);
    update quote_line n set name = '–'
    from quote q
    where q.community_id = p_community and q.work_order_id = any (v_orders) and n.community_id = q.community_id and n.quote_id = q.quote_id;

    update feedback f
    set made_it_five = null, spoke_with = case when f.spoke_with is null then null else '–' end, number_dialled = null, version = f.version + 1
    where f.community_id = p_community and f.feedback_id = any (v_feedback);
    update call_attempt a set number_dialled = '–', note = null where a.community_id = p_community and a.feedback_id = any (v_feedback);
    update promise m set text = '' where m.community_id = p_community and m.request_id = any (v_requests);

    -- Where they were rung about somebody else's request, what was said stays, without who said it.
    update feedback f
    set spoke_with = case when f.spoke_with is null then null else '–' end, number_dialled = null, version = f.version + 1
    where f.community_id = p_community and f.number_dialled = any (v_phones);
    update feedback f
    set spoke_with = '–', version = f.version + 1
    from request r
    where f.community_id = p_community and f.spoke_with is not null and f.spoke_with <> '–'
      and r.community_id = f.community_id and r.request_id = f.request_id and r.reporter_phone = any (v_phones);
    update call_attempt a set number_dialled = '–', note = null where a.community_id = p_community and a.number_dialled = any (v_phones);

    delete from attachment_content x where x.community_id = p_community and x.attachment_id = any (v_files);
    update attachment a
    set file_name = '–', removed_at = coalesce(a.removed_at, p_now)
    where a.community_id = p_community and a.attachment_id = any (v_files);
    update idempotency_key k
    set reply = jsonb_set(k.reply::jsonb, '{fileName}', '"–"')::text
    where cardinality(v_files) > 0 and k.command in ('AttachToRequest', 'AttachToWorkOrder', 'RemoveAttachment') and k.reply is not null
      and (k.reply::jsonb ->> 'attachmentId')::uuid = any (v_files);

    -- What was not sent yet is not sent any more.
    update message m
    set detail = '{}', parked_at = case when m.sent_at is null then coalesce(m.parked_at, p_now) else m.parked_at end
    where m.community_id = p_community
      and ((m.recipient_kind = 'customer' and m.recipient_id = p_customer) or (m.recipient_kind in ('customer', 'reporter') and m.request_id = any (v_requests)));

    -- The number by which the other system knows an imported request stays, so that importing its file again does not bring the person back.
    delete from search_token t
    using request r
    where r.community_id = p_community and r.request_id = any (v_requests) and r.foreign_number is not null
      and t.community_id = p_community and t.id = r.request_id and t.token = 'r:' || lower(r.foreign_number);
    update request r
    set description = '', reporter_name = null, reporter_phone = null, on_behalf_of = null, foreign_source = null, foreign_number = null, version = r.version + 1
    where r.community_id = p_community and r.request_id = any (v_requests);
    -- Where they rang for somebody else, that one's words stay.
    update request r
    set reporter_name = null, reporter_phone = null, version = r.version + 1
    where r.community_id = p_community and r.reporter_phone = any (v_phones);

    delete from search_token t where t.community_id = p_community and t.id = p_customer and t.kind = 'customer';
    delete from contact_point p where p.community_id = p_community and p.customer_id = p_customer;
    delete from occupancy o where o.community_id = p_community and o.customer_id = p_customer;
    update customer c
    set name = '–', note = null, erased_at = coalesce(c.erased_at, p_now), version = c.version + 1
    where c.community_id = p_community and c.customer_id = p_customer;

    with erased as (
        update event_text x
        set text = null, salt = null, erased_at = p_now
        from event e
        where e.community_id = p_community and e.subject_id = any (v_requests || v_orders || v_feedback || p_customer)
          and x.community_id = e.community_id and x.seq = e.seq and x.text is not null
        returning x.seq
    )
    select array(select x.seq from erased x order by x.seq) into texts;
    requests := cardinality(v_requests);
    work_orders := cardinality(v_orders);
    attachments := cardinality(v_files);
    return next;
end
$$;

-- ---------------------------------------------------------------- who gets in

-- As 0002 has it. A code of the second factor is tried in the same way; from where a password alone was given, nobody is known for it.
drop function begin_sign_in(text, text, bytea[], integer[], integer[], timestamptz);
create function begin_sign_in(p_name text, p_address text, p_keys bytea[], p_free integer[], p_most integer[], p_factor boolean, p_now timestamptz)
    returns table (wait_until timestamptz, staff_id uuid, password_hash text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
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
        where s.sign_in_name = p_name and e.address = p_address and e.created_at > p_now - interval '90 days' and (not p_factor or e.second_factor_at is not null));

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

-- A session begins for a password that is still the one that was compared: its row is shared until commit, so that whoever changes it
-- meanwhile either waits, and then ends this session with the others, or is waited for.
drop function start_session(uuid, uuid, bytea, timestamptz, timestamptz, text, text);
create function start_session(p_session uuid, p_staff uuid, p_verified text, p_hash bytea, p_now timestamptz, p_expires timestamptz, p_address text, p_agent text) returns boolean
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    delete from session
    where session_id in (select session_id from session where staff_id = p_staff and created_at < p_now - interval '90 days' and expires_at < p_now order by created_at limit 10);
    with verified as (
        select c.staff_id
        from staff_credential c
        join staff s on s.staff_id = c.staff_id
        where c.staff_id = p_staff and c.password_hash = p_verified and s.disabled_at is null
        for share of c, s
    )
    insert into session (session_id, staff_id, token_hash, created_at, expires_at, last_seen_at, address, user_agent)
    select p_session, v.staff_id, p_hash, p_now, p_expires, p_now, p_address, p_agent
    from verified v
    returning true
$$;

-- One's own password, in place of the one that was compared and of no other.
create function set_own_password(p_verified text, p_hash text, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update staff_credential
    set password_hash = p_hash, must_change = false, good_until = null, changed_at = p_now
    where staff_id = scope_actor() and password_hash = p_verified
    returning true
$$;

-- A code is used up for a confirmed factor, or to confirm one; which, is said.
drop function use_factor(bigint, timestamptz);
create function use_factor(p_step bigint, p_confirm boolean, p_now timestamptz) returns boolean
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    update staff_factor set last_step = p_step, confirmed_at = coalesce(confirmed_at, p_now)
    where staff_id = scope_actor() and last_step < p_step and (confirmed_at is null) = p_confirm
    returning true
$$;

-- Where somebody works now; or, of whoever works nowhere now, where they ever did.
drop function staff_reach(uuid);
create function staff_reach(p_staff uuid) returns table (community_id uuid, now boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select c.community_id, c.left_at is null
    from community_staff c
    where c.staff_id = p_staff and staff_in_scope(p_staff)
$$;

revoke execute on function begin_sign_in, start_session, set_own_password, use_factor, staff_reach from public;
grant execute on function begin_sign_in, start_session, set_own_password, use_factor, staff_reach to desk_app;

-- ---------------------------------------------------------------- functions that run as the tables' owner

-- A session's own temporary tables come last of all: left out of the path, they would come first.
do $$
declare
    f record;
begin
    for f in select p.oid::regprocedure as what from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
    loop
        execute format('alter function %s set search_path = pg_catalog, public, pg_temp', f.what);
    end loop;
end
$$;
