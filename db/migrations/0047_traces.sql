-- What the log and the desk forgot: promises that nobody kept, and whose call it was.

-- ---------------------------------------------------------------- promises

-- check_at: when the desk is told that it is overdue; null once it was told, and where nothing is to be told. given_up_at: the request was
-- closed or cancelled, and it was not kept; or it was overdue when the request was closed already.
alter table promise
    add column check_at timestamptz,
    add column given_up_at timestamptz;
update promise m
set given_up_at = coalesce(r.closed_at, r.cancelled_at, m.due_at)
from request r
where m.kept_at is null and r.community_id = m.community_id and r.request_id = m.request_id and r.status in ('closed', 'cancelled');
update promise m
set check_at = m.due_at
where m.kept_at is null and m.given_up_at is null;
alter table promise add constraint promise_is_looked_at_while_open check (check_at is null or (kept_at is null and given_up_at is null));
create index promise_open on promise (community_id, due_at, request_id) where kept_at is null and given_up_at is null;
create index promise_to_check on promise (check_at) where check_at is not null;

create function promises_overdue(p_now timestamptz, p_at_most integer) returns table (community_id uuid, promise_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select m.community_id, m.promise_id
    from promise m
    where m.check_at <= p_now
    order by m.check_at
    limit p_at_most
$$;

-- As 0017 has it, and that job.
create or replace function oldest_due(p_now timestamptz) returns table (job_id text, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select 'wake-held-work', (select h.wake_at from hold h where h.until_at is null and h.wake_at <= p_now order by h.wake_at limit 1)
    union all
    select 'pass-hold-limits', (select h.limit_at from hold h where h.until_at is null and h.limit_passed_at is null and h.limit_at <= p_now order by h.limit_at limit 1)
    union all
    select 'tell-overdue-promises', (select m.check_at from promise m where m.check_at <= p_now order by m.check_at limit 1)
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

-- ---------------------------------------------------------------- whoever rang

-- The same tokens as SearchTokens.ForPhone makes of a number as it is stored; a test compares them.
create function phone_tokens(p_number text) returns setof text
language sql immutable parallel safe as $$
    with number as (
        select regexp_replace(split_part(p_number, '-', 1), '\D', '', 'g') as main, regexp_replace(p_number, '\D', '', 'g') as whole
    )
    select distinct 'p:' || t.token
    from number n
    cross join lateral (
        select substr(n.main, i, 4) from generate_series(1, length(n.main) - 3) i
        union all
        select right(n.main, i) from generate_series(4, length(n.main)) i
        union all
        select n.whole where length(n.main) >= 4
        union all
        select n.main where length(n.main) between 1 and 3
    ) t (token)
$$;

insert into search_token (community_id, token, kind, id)
select r.community_id, t.token, 'request', r.request_id
from request r
cross join lateral phone_tokens(r.reporter_phone) t (token)
where r.reporter_phone is not null
on conflict do nothing;

-- ---------------------------------------------------------------- a person's right to be forgotten

-- As 0041 has it, and: those that are found by one of their numbers, which may have been amended since.
create or replace function requests_naming_customer(p_community uuid, p_customer uuid) returns setof uuid
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
    union
    select i.request_id
    from contact_point p
    join inbound_message i on i.community_id = p.community_id and i.sender_normalised = p.normalised and i.is_report
    where p.community_id = p_community and p.customer_id = p_customer and p.kind in ('phone', 'email')
    union
    select i.request_id
    from inbound_message i
    where i.community_id = p_community and i.customer_id = p_customer and i.is_report
    union
    select t.id
    from phone
    join search_token t on t.community_id = p_community and t.kind = 'request' and t.token = 'p:' || regexp_replace(phone.number, '\D', '', 'g')
$$;

-- As 0041 has it, and: the tokens of their numbers, and what the log says of who it was before an amendment.
create or replace function erase_customer(p_community uuid, p_customer uuid, p_now timestamptz)
    returns table (requests integer, work_orders integer, attachments integer, texts bigint[])
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    v_requests uuid[];
    v_orders uuid[];
    v_feedback uuid[];
    v_files uuid[];
    v_phones text[];
    v_senders text[];
    v_sent uuid[];
    v_inbound uuid[];
    v_subjects uuid[];
    v_noted uuid[];
    v_found uuid[];
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
    v_senders := array(select p.normalised from contact_point p where p.community_id = p_community and p.customer_id = p_customer and p.kind in ('phone', 'email'));
    v_sent := array(
        select m.message_id from message m where m.community_id = p_community and m.request_id = any (v_requests) and m.recipient_kind in ('customer', 'reporter'));

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
    update call_attempt a set number_dialled = case when a.number_dialled is null then null else '–' end, note = null where a.community_id = p_community and a.feedback_id = any (v_feedback);
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

    -- What they wrote to us, whoever it was thought to be from: by their requests, by their numbers and addresses; and what came back.
    v_inbound := array(
        select i.inbound_message_id
        from inbound_message i
        where i.community_id = p_community and i.sender <> '–'
          and (i.customer_id = p_customer or i.request_id = any (v_requests) or (i.customer_id is null and i.sender_normalised = any (v_senders)) or i.message_id = any (v_sent)));
    -- Where they wrote for somebody else, that one's words stay.
    update request r
    set reporter_name = null, version = r.version + 1
    from inbound_message i
    where i.community_id = p_community and i.inbound_message_id = any (v_inbound) and i.is_report
      and r.community_id = i.community_id and r.request_id = i.request_id and r.request_id <> all (v_requests) and r.reporter_phone is null and r.reporter_name is not null;
    update inbound_message i
    set sender = '–', sender_normalised = '–', subject = null, text = '', version = i.version + 1
    where i.community_id = p_community and i.inbound_message_id = any (v_inbound);

    v_found := array(
        select t.id
        from search_token t
        where t.community_id = p_community and t.kind = 'request' and t.token in (select 'p:' || regexp_replace(n, '\D', '', 'g') from unnest(v_phones) n));

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

    -- They are found by their numbers no more; whoever else rang for the same thing still is.
    delete from search_token t
    using request r
    where r.community_id = p_community and r.request_id = any (v_requests || v_found)
      and t.community_id = p_community and t.id = r.request_id and t.kind = 'request' and t.token like 'p:%'
      and (r.request_id = any (v_requests) or t.token in (select k from unnest(v_phones) n cross join lateral phone_tokens(n) k))
      and (r.reporter_phone is null or t.token not in (select k from phone_tokens(r.reporter_phone) k));

    delete from search_token t where t.community_id = p_community and t.id = p_customer and t.kind = 'customer';
    delete from contact_point p where p.community_id = p_community and p.customer_id = p_customer;
    delete from occupancy o where o.community_id = p_community and o.customer_id = p_customer;
    update customer c
    set name = '–', note = null, erased_at = coalesce(c.erased_at, p_now), version = c.version + 1
    where c.community_id = p_community and c.customer_id = p_customer;

    -- What they wrote is a note on somebody else's request, and says who wrote it.
    v_subjects := v_requests || v_orders || v_feedback || p_customer;
    v_noted := array(
        select i.request_id
        from inbound_message i
        where i.community_id = p_community and i.inbound_message_id = any (v_inbound) and i.request_id is not null);
    with erased as (
        update event_text x
        set text = null, salt = null, erased_at = p_now
        from event e
        where e.community_id = p_community and e.subject_id = any (v_subjects || v_noted || v_found)
          and (e.subject_id = any (v_subjects)
            or (e.what = 'requestNoted' and (e.detail ->> 'inboundMessageId')::uuid = any (v_inbound))
            or (e.what = 'reporterAmended' and exists (select from unnest(v_phones) n where position(' ' || n || ' ' in ' ' || translate(x.text, E'\n', ' ') || ' ') > 0)))
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

revoke execute on function promises_overdue, phone_tokens from public;
grant execute on function promises_overdue to desk_app;
