-- Who must not find what: confidential complaints are hidden from the person and the crew complained about, by the database, in
-- every query; a person's data can be erased, and nothing else of the log can be changed.

-- ---------------------------------------------------------------- confidential complaints

-- The complaints that this actor must not find: about them; or about a crew that they sit in: the one that was named, else the one
-- that the category names, and any that the person complained about sits in. Only within the scope that was entered.
create function hidden_requests(p_actor uuid, p_communities uuid[]) returns uuid[]
language sql stable security definer set search_path = pg_catalog, public as $$
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
    ) h
$$;
create index request_confidential on request (community_id, about_staff_id) where confidential and kind = 'complaint';
create index team_member_of_staff on team_member (staff_id) where to_at is null;

create or replace procedure enter_scope(p_communities text, p_actor text)
language plpgsql as $$
begin
    perform set_config('role', 'desk_app', true),
            set_config('desk.communities', p_communities, true),
            set_config('desk.actor', p_actor, true),
            set_config('desk.hidden', '', true);
end
$$;

-- First statement of a query: the same, and what must not be found is not found. Commands see it all: whoever completes an order
-- moves the requests that it serves, also those that they must not know of; what they name by id is checked there.
create procedure enter_reading(p_communities text, p_actor text)
language plpgsql as $$
begin
    perform set_config('role', 'desk_app', true),
            set_config('desk.communities', p_communities, true),
            set_config('desk.actor', p_actor, true);
    perform set_config('desk.hidden', array_to_string(hidden_requests(scope_actor(), scope_communities()), ','), true);
end
$$;

-- Policies call it as (select scope_hidden()), so that it runs once a statement.
create function scope_hidden() returns uuid[]
language sql stable parallel safe as $$
    select coalesce(string_to_array(nullif(current_setting('desk.hidden', true), ''), ',')::uuid[], '{}'::uuid[])
$$;

-- Every table that tells of a request. A migration that adds one later calls hide_what_tells_of_requests (0009); a test over pg_catalog asks for it.
do $$
declare
    t text[];
begin
    foreach t slice 1 in array array[
        ['request', 'request_id'], ['search_token', 'id'], ['promise', 'request_id'], ['fault_request', 'request_id'], ['request_work_order', 'request_id'],
        ['feedback', 'request_id'], ['follow_up', 'request_id'], ['clock', 'subject_id'], ['attachment', 'request_id'], ['message', 'request_id'], ['event', 'subject_id']]
    loop
        execute format('create policy hidden on %I as restrictive for select to desk_app using (%I is null or %I <> all ((select scope_hidden())::uuid[]))', t[1], t[2], t[2]);
    end loop;
end
$$;

revoke execute on function hidden_requests, scope_hidden from public;
grant execute on function hidden_requests, scope_hidden to desk_app;

-- ---------------------------------------------------------------- a person's right to be forgotten

create index request_by_reporter_phone on request (community_id, reporter_phone) where reporter_phone is not null;

-- The requests of a person: those that name the customer, and those of nobody known that came from one of their numbers.
create function requests_of_customer(p_community uuid, p_customer uuid) returns setof uuid
language sql stable as $$
    select r.request_id
    from request r
    where r.community_id = p_community and r.customer_id = p_customer
    union
    select r.request_id
    from contact_point p
    join request r on r.community_id = p.community_id and r.reporter_phone = p.normalised and r.customer_id is null
    where p.community_id = p_community and p.customer_id = p_customer and p.kind = 'phone'
$$;

-- The orders that serve these requests and no other: what was written on them was written about this person's matter.
create function orders_of_requests_alone(p_community uuid, p_requests uuid[]) returns setof uuid
language sql stable as $$
    select distinct o.work_order_id
    from request_work_order l
    join work_order o on o.community_id = l.community_id and o.work_order_id = l.work_order_id
    where l.community_id = p_community and l.request_id = any (p_requests) and o.fault_id is null
      and not exists (
        select from request_work_order x
        where x.community_id = o.community_id and x.work_order_id = o.work_order_id and x.request_id <> all (p_requests))
$$;

-- Takes a person out of everything, and leaves what is counted: rows, times, states, scores, places. The one way in which anything
-- of the log's texts is ever changed; the application's role has no right to do it itself. Returns what the event is to say.
create function erase_customer(p_community uuid, p_customer uuid, p_now timestamptz)
    returns table (requests integer, work_orders integer, attachments integer, texts bigint[])
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_requests uuid[];
    v_orders uuid[];
    v_feedback uuid[];
    v_files uuid[];
    v_phones text[];
begin
    if p_community <> all (scope_communities())
        or not exists (select from customer c where c.community_id = p_community and c.customer_id = p_customer and c.erased_at is null) then
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

    update feedback f
    set made_it_five = null, spoke_with = case when f.spoke_with is null then null else '–' end, number_dialled = null, version = f.version + 1
    where f.community_id = p_community and f.feedback_id = any (v_feedback);
    update call_attempt a set number_dialled = '–', note = null where a.community_id = p_community and a.feedback_id = any (v_feedback);
    update promise m set text = '' where m.community_id = p_community and m.request_id = any (v_requests);

    delete from attachment_content x where x.community_id = p_community and x.attachment_id = any (v_files);
    update attachment a
    set file_name = '–', removed_at = coalesce(a.removed_at, p_now)
    where a.community_id = p_community and a.attachment_id = any (v_files);

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
    update customer c set name = '–', note = null, erased_at = p_now, version = c.version + 1 where c.community_id = p_community and c.customer_id = p_customer;

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

revoke execute on function requests_of_customer, orders_of_requests_alone, erase_customer from public;
grant execute on function requests_of_customer, orders_of_requests_alone, erase_customer to desk_app;

-- ---------------------------------------------------------------- roles of a district

-- Somebody of a district's office: the same role in each of its communities, also in those that join it later. What they may do in a
-- community stands in staff_role as everybody's does, with the district that it follows from.
create table district_role (
    district_id uuid not null references district,
    staff_id uuid not null references staff,
    role text not null check (role in ('clerk', 'customerOfficer', 'manager', 'administrator')),
    granted_at timestamptz not null,
    primary key (district_id, staff_id, role)
);
alter table district_role enable row level security;
create policy scope on district_role to desk_app using (
    exists (select from community c where c.district_id = district_role.district_id and c.community_id = any ((select scope_communities())::uuid[])));
grant select, insert, delete on district_role to desk_app;

alter table staff_role add column district_id uuid references district;

-- A district is made by the system alone, before any community is in it.
create function register_district(p_district uuid, p_code text, p_name text, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
    insert into district (district_id, code, name, created_at) values (p_district, p_code, p_name, p_now)
$$;

-- For tools that are told a district by its code, and to see whether somebody answers for all of it.
create function district_by_code(p_code text) returns table (district_id uuid, community_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select d.district_id, c.community_id
    from district d
    left join community c on c.district_id = d.district_id
    where d.code = p_code
$$;

revoke execute on function register_district, district_by_code from public;
grant execute on function register_district, district_by_code to desk_app;
