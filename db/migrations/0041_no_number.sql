-- Who left no number: an attempt without one, and reporters who are known by their mail alone.

-- ---------------------------------------------------------------- calls

-- Nobody knows a number to ring: that is an attempt, too.
alter table call_attempt
    alter column number_dialled drop not null,
    drop constraint call_attempt_result_check,
    add constraint call_attempt_result_check check (result in ('noAnswer', 'busy', 'wrongNumber', 'callLater', 'answered', 'refused', 'noNumber')),
    add constraint call_attempt_dials_a_number check ((number_dialled is null) = (result = 'noNumber')),
    add constraint call_attempt_speaks_at_a_number check (number_dialled is not null or spoke_with is null);

-- Whether there is a number to ring about a round: of the customer, of whoever reported it, or one that was dialled in this round; but
-- not where the last call at it about this round, or about its answer, was a wrong number.
create function number_is_known(p_community uuid, p_request uuid, p_feedback uuid) returns boolean
language sql stable as $$
    select exists (
        select
        from request r
        cross join lateral (
            select p.normalised as number
            from contact_point p
            where p.community_id = r.community_id and p.customer_id = r.customer_id and p.kind = 'phone'
            union
            select r.reporter_phone
            union
            select a.number_dialled
            from call_attempt a
            where a.community_id = r.community_id and a.feedback_id = p_feedback
        ) known
        where r.community_id = p_community and r.request_id = p_request and known.number <> '–'
          and (
            select a.result
            from call_attempt a
            where a.community_id = r.community_id and a.feedback_id = p_feedback and a.number_dialled = known.number
            order by a.tried_at desc, a.call_attempt_id desc
            limit 1) is distinct from 'wrongNumber')
$$;
revoke execute on function number_is_known from public;
grant execute on function number_is_known to desk_app;

-- As 0011 has it, and: where no number is known, what comes of the ask is all that is waited for, also when the desk has it tried again or discards it.
create or replace function undelivered_ask_is_looked_at() returns trigger
language plpgsql as $$
begin
    update feedback f
    set next_check_at = coalesce(new.parked_at, new.send_after)
    where f.community_id = new.community_id and f.request_id = new.request_id and f.ended_at is null and f.state in ('asked', 'reminded', 'toCall')
      and (f.next_check_at is null or f.next_check_at > coalesce(new.parked_at, new.send_after));
    return null;
end
$$;
drop trigger undelivered_ask_is_looked_at on message;
create trigger undelivered_ask_is_looked_at after update of parked_at, parked_why on message
    for each row when ((new.parked_at, new.parked_why) is distinct from (old.parked_at, old.parked_why) and new.request_id is not null and new.template in ('feedbackAsk', 'feedbackReminder'))
    execute function undelivered_ask_is_looked_at();

-- A number that turns up is rung: rounds that wait without one are looked at at once.
create function round_without_number_is_looked_at(p_community uuid, p_requests uuid[]) returns void
language sql as $$
    update feedback f
    set next_check_at = last.tried_at
    from (
        select distinct on (a.feedback_id) a.feedback_id, a.tried_at, a.result
        from feedback o
        join call_attempt a on a.community_id = o.community_id and a.feedback_id = o.feedback_id and a.follow_up_id is null
        where o.community_id = p_community and o.request_id = any (p_requests) and o.ended_at is null and o.state = 'toCall'
        order by a.feedback_id, a.tried_at desc, a.call_attempt_id desc
    ) last
    where f.community_id = p_community and f.feedback_id = last.feedback_id and last.result = 'noNumber' and f.ended_at is null and f.state = 'toCall'
$$;
create function number_of_request_turns_up() returns trigger
language plpgsql as $$
begin
    perform round_without_number_is_looked_at(new.community_id, array[new.request_id]);
    return null;
end
$$;
create trigger number_of_request_turns_up after update of reporter_phone, customer_id on request
    for each row when ((new.reporter_phone is not null and new.reporter_phone is distinct from old.reporter_phone)
        or (new.customer_id is not null and new.customer_id is distinct from old.customer_id))
    execute function number_of_request_turns_up();
create function number_of_customer_turns_up() returns trigger
language plpgsql as $$
begin
    perform round_without_number_is_looked_at(new.community_id, array(
        select r.request_id from request r where r.community_id = new.community_id and r.customer_id = new.customer_id));
    return null;
end
$$;
create trigger number_of_customer_turns_up after insert or update of normalised, kind on contact_point
    for each row when (new.kind = 'phone')
    execute function number_of_customer_turns_up();
revoke execute on function round_without_number_is_looked_at, number_of_request_turns_up, number_of_customer_turns_up from public;
grant execute on function round_without_number_is_looked_at to desk_app;

-- ---------------------------------------------------------------- what came in

-- The message is what its request was registered for: of one that names neither a customer nor a number, whoever wrote it by mail is the reporter.
alter table inbound_message
    add column is_report boolean not null default false,
    add constraint inbound_message_reports_a_request check (not is_report or request_id is not null);

-- Whom we are asking already, by nothing but a mail, is asked on; else what was settled onto a request that was there before the message is no report of it.
update inbound_message i
set is_report = true
from (
    select distinct on (m.community_id, m.request_id) m.inbound_message_id
    from inbound_message m
    join request r on r.community_id = m.community_id and r.request_id = m.request_id
    where m.kind = 'toConfirm' and m.settled_at is not null and m.sender <> '–'
      and (r.registered_at >= m.received_at
        or (r.customer_id is null and r.reporter_phone is null and exists (select from feedback f where f.community_id = r.community_id and f.request_id = r.request_id and f.ended_at is null)))
    order by m.community_id, m.request_id, (r.customer_id is null and r.reporter_phone is null and m.channel <> 'email'), m.received_at, m.inbound_message_id
) first
where i.inbound_message_id = first.inbound_message_id;
create unique index inbound_message_report on inbound_message (community_id, request_id) where is_report;

-- As 0010 has it, and: whoever is known by their mail alone.
create or replace function communities_of_sender(p_normalised text) returns table (community_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select k.community_id
    from community k
    cross join lateral (
        select max(m.sent_at) as at, count(*) as known
        from (
            select r.request_id from request r where r.community_id = k.community_id and r.reporter_phone = p_normalised and r.customer_id is null
            union
            select r.request_id
            from contact_point p
            join request r on r.community_id = p.community_id and r.customer_id = p.customer_id
            where p.community_id = k.community_id and p.normalised = p_normalised
            union
            select r.request_id
            from inbound_message i
            join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null
            where i.community_id = k.community_id and i.sender_normalised = p_normalised and i.channel = 'email' and i.is_report
        ) x
        left join message m on m.community_id = k.community_id and m.request_id = x.request_id and m.recipient_kind in ('customer', 'reporter')
    ) l
    where l.known > 0 or exists (select from contact_point p where p.community_id = k.community_id and p.normalised = p_normalised)
    order by l.at desc nulls last, k.community_id
$$;

-- ---------------------------------------------------------------- a person's right to be forgotten

-- As 0003 has it, and: those of nobody known that were registered from a mail of theirs, and that no number names.
create or replace function requests_of_customer(p_community uuid, p_customer uuid) returns setof uuid
language sql stable as $$
    select r.request_id
    from request r
    where r.community_id = p_community and r.customer_id = p_customer
    union
    select r.request_id
    from contact_point p
    join request r on r.community_id = p.community_id and r.reporter_phone = p.normalised and r.customer_id is null
    where p.community_id = p_community and p.customer_id = p_customer and p.kind = 'phone'
    union
    select r.request_id
    from contact_point p
    join inbound_message i on i.community_id = p.community_id and i.sender_normalised = p.normalised and i.channel = 'email' and i.is_report
    join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null
    where p.community_id = p_community and p.customer_id = p_customer and p.kind = 'email'
    union
    select r.request_id
    from inbound_message i
    join request r on r.community_id = i.community_id and r.request_id = i.request_id and r.customer_id is null and r.reporter_phone is null
    where i.community_id = p_community and i.customer_id = p_customer and i.channel = 'email' and i.is_report
$$;

-- As 0014 has it, and: for which they wrote.
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
$$;

-- As 0021 has it, and: who wrote for somebody else, and what came in as a note on somebody else's request. Where no number was dialled, none is forgotten.
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
        where e.community_id = p_community and e.subject_id = any (v_subjects || v_noted)
          and (e.subject_id = any (v_subjects) or (e.what = 'requestNoted' and (e.detail ->> 'inboundMessageId')::uuid = any (v_inbound)))
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
