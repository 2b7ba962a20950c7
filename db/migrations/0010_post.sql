-- The outbox is delivered: how often and by which way a message was tried, what became of it, and what came back in.

-- ---------------------------------------------------------------- deliveries

-- A lease is send_after put into the future: a worker that dies leaves its rows due again, and what it sent is sent again under the same id.
-- sent_at is when the last receiver took it; a bounce takes that back. parked_why is null where a person was erased before it was sent.
alter table message
    add column lease_id uuid,
    add column channel text check (channel in ('sms', 'email', 'weChat', 'app', 'weCom', 'dingTalk', 'screen')),
    add column channel_tries smallint not null default 0 check (channel_tries >= 0),
    add column given_up text[] not null default '{}',
    add column last_tried_at timestamptz,
    add column last_failure text check (length(last_failure) <= 60),
    add column parked_why text check (parked_why in ('noChannel', 'exhausted', 'bounced', 'unrenderable', 'moot', 'discarded')),
    add column version integer not null default 1,
    add constraint message_sent_or_parked check (sent_at is null or parked_at is null),
    add constraint message_parked_has_a_time check (parked_why is null or parked_at is not null);

-- What the desk has to look at.
create index message_parked on message (community_id, parked_at, message_id) where parked_why in ('noChannel', 'exhausted', 'bounced', 'unrenderable');
create index message_by_time on message (community_id, created_at desc, message_id desc);

-- When customers are left alone, in the community's zone; danger is told at any hour. Equal times: never.
alter table community
    add column quiet_from time not null default '21:00',
    add column quiet_to time not null default '08:30';

create function messages_to_send(p_now timestamptz, p_at_most integer) returns table (community_id uuid, message_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.community_id, m.message_id
    from message m
    where m.send_after <= p_now and m.sent_at is null and m.parked_at is null
    order by m.send_after
    limit p_at_most
$$;

create or replace function oldest_due(p_now timestamptz) returns table (job_id text, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select 'wake-held-work', (select h.wake_at from hold h where h.until_at is null and h.wake_at <= p_now order by h.wake_at limit 1)
    union all
    select 'escalate-overdue', (select k.next_check_at from clock k where k.next_check_at <= p_now order by k.next_check_at limit 1)
    union all
    select 'deliver-messages', (select m.send_after from message m where m.send_after <= p_now and m.sent_at is null and m.parked_at is null order by m.send_after limit 1)
$$;

-- ---------------------------------------------------------------- templates

-- A community's own words for a message. Where there is no row, those that are shipped hold.
create table message_template (
    community_id uuid not null references community,
    message_template_id uuid not null primary key,
    template text not null check (length(template) between 1 and 60),
    language text not null check (language in ('zh-CN', 'en')),
    subject text not null check (length(subject) between 1 and 200),
    body text not null check (length(body) between 1 and 2000),
    providers jsonb not null default '[]',
    edited_at timestamptz not null,
    edited_by uuid not null,
    version integer not null default 1,
    unique (community_id, message_template_id),
    constraint message_template_once unique (community_id, template, language)
);

-- ---------------------------------------------------------------- what comes in

-- Every message that came in, once by its own id. What is nobody's open matter waits for the desk: settled_at is null.
create table inbound_message (
    community_id uuid not null references community,
    inbound_message_id uuid not null primary key,
    channel text not null check (channel in ('sms', 'email')),
    external_id text not null check (length(external_id) between 1 and 250),
    kind text not null check (kind in ('answer', 'note', 'toConfirm', 'automatic', 'bounce', 'own')),
    sender text not null check (length(sender) <= 250),
    subject text check (length(subject) <= 1000),
    text text not null check (length(text) <= 4000),
    received_at timestamptz not null,
    customer_id uuid,
    request_id uuid,
    message_id uuid,
    settled_at timestamptz,
    settled_by uuid,
    version integer not null default 1,
    unique (community_id, inbound_message_id),
    constraint inbound_message_once unique (community_id, channel, external_id),
    foreign key (community_id, customer_id) references customer (community_id, customer_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, settled_by) references community_staff (community_id, staff_id)
);
create index inbound_message_to_confirm on inbound_message (community_id, received_at, inbound_message_id) where kind = 'toConfirm' and settled_at is null;
create index inbound_message_by_request on inbound_message (community_id, request_id) where request_id is not null;
create index inbound_message_by_customer on inbound_message (community_id, customer_id) where customer_id is not null;

-- In which communities somebody with this number or address is known, the one that wrote to them last first.
create function communities_of_sender(p_normalised text) returns table (community_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
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
        ) x
        left join message m on m.community_id = k.community_id and m.request_id = x.request_id and m.recipient_kind in ('customer', 'reporter')
    ) l
    where l.known > 0 or exists (select from contact_point p where p.community_id = k.community_id and p.normalised = p_normalised)
    order by l.at desc nulls last, k.community_id
$$;

-- A person's right to be forgotten reaches what they wrote to us.
create function forget_inbound() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update inbound_message i
    set sender = '–', subject = null, text = ''
    where i.community_id = new.community_id
      and (i.customer_id = new.customer_id
        or i.request_id in (select r.request_id from request r where r.community_id = new.community_id and r.customer_id = new.customer_id));
    return null;
end
$$;
create trigger forget_inbound after update of erased_at on customer
    for each row when (new.erased_at is not null and old.erased_at is null) execute function forget_inbound();

do $$
declare
    t text;
begin
    foreach t in array array['message_template', 'inbound_message']
    loop
        execute format('alter table %I enable row level security', t);
        execute format('create policy scope on %I to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]))', t);
        execute format('grant select, insert, update on %I to desk_app', t);
    end loop;
end
$$;
grant delete on message_template to desk_app;

revoke execute on function messages_to_send, communities_of_sender, forget_inbound from public;
grant execute on function messages_to_send, communities_of_sender to desk_app;

call hide_what_tells_of_requests();
