-- The walls a third time: a home behind a fault, what came in from whoever is forgotten, and an office behind one address.

-- ---------------------------------------------------------------- confidential complaints

-- Whether the home that an order is for may be shown: it tells who, where the order serves a request that must not be found. It is
-- shown all the same where somebody who is seen reported from that very place, or the fault is there.
create function may_show_home(p_community uuid, p_work_order uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select not serves_hidden(p_community, p_work_order)
        or exists (
            select from work_order o
            join fault f on f.community_id = o.community_id and f.fault_id = o.fault_id and f.place_id = o.place_id
            where o.community_id = p_community and o.work_order_id = p_work_order and o.community_id = any (scope_communities()))
        or exists (
            select from work_order o
            join request_work_order l on l.community_id = o.community_id and l.work_order_id = o.work_order_id and l.request_id <> all (scope_hidden())
            join request r on r.community_id = l.community_id and r.request_id = l.request_id and r.place_id = o.place_id
            where o.community_id = p_community and o.work_order_id = p_work_order and o.community_id = any (scope_communities()))
$$;
revoke execute on function may_show_home from public;
grant execute on function may_show_home to desk_app;

-- ---------------------------------------------------------------- a person's right to be forgotten

-- By which number or address somebody wrote, as contact points are stored.
alter table inbound_message add column sender_normalised text not null default '';
update inbound_message
set sender_normalised = case channel
    when 'email' then lower(coalesce(substring(sender from '<([^<>]+)>\s*$'), btrim(sender)))
    else coalesce(substring(regexp_replace(sender, '[^0-9]', '', 'g') from '^(?:00)?86(1[0-9]{10})$'), nullif(regexp_replace(sender, '[^0-9]', '', 'g'), ''), btrim(sender)) end;
create index inbound_message_by_sender on inbound_message (community_id, sender_normalised);

-- The trigger knew the customer alone, and the first time alone.
drop trigger forget_inbound on customer;
drop function forget_inbound();

-- As 0014 has it, and: what came in.
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

    -- What they wrote to us, whoever it was thought to be from: by their requests, by their numbers and addresses; and what came back.
    update inbound_message i
    set sender = '–', sender_normalised = '–', subject = null, text = '', version = i.version + 1
    where i.community_id = p_community and i.sender <> '–'
      and (i.customer_id = p_customer or i.request_id = any (v_requests) or (i.customer_id is null and i.sender_normalised = any (v_senders)) or i.message_id = any (v_sent));

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

-- As 0014 has it, and: whoever is known at an address does not wait for what others type at it.
create function known_at(p_name text, p_address text, p_factor boolean, p_now timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select exists (
        select from session e
        join staff s on s.staff_id = e.staff_id
        where s.sign_in_name = p_name and e.address = p_address and e.created_at > p_now - interval '90 days' and (not p_factor or e.second_factor_at is not null))
$$;
revoke execute on function known_at from public;
grant execute on function known_at to desk_app;

create or replace function begin_sign_in(p_name text, p_address text, p_keys bytea[], p_free integer[], p_most integer[], p_factor boolean, p_now timestamptz)
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

    v_known := known_at(p_name, p_address, p_factor, p_now);

    for i in 1 .. cardinality(p_keys) loop
        insert into sign_in_attempt as a (key_hash, failures, last_at) values (p_keys[i], 0, p_now)
        on conflict (key_hash) do update set last_at = a.last_at
        returning a.wait_until into v_at;
        if v_at > p_now and not (i in (1, 2) and v_known) then
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
