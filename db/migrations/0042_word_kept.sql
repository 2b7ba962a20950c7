-- Whoever is known by a mail alone is not lost with a request that is made anew, and nobody scores who is no person.

-- ---------------------------------------------------------------- whoever wrote a mail

-- A request that came back too late to be reopened is made anew. Of one that names neither a customer nor a number the reporter is whoever wrote the mail:
-- the new one names that mail, too, without its words.
alter table inbound_message
    add column carried_from uuid,
    add constraint inbound_message_is_carried foreign key (community_id, carried_from) references inbound_message (community_id, inbound_message_id),
    add constraint inbound_message_carried_is_a_report check (carried_from is null or (is_report and channel = 'email' and text = '' and subject is null));

with recursive anew as (
    select r.community_id, r.request_id, i.inbound_message_id
    from inbound_message i
    join request o on o.community_id = i.community_id and o.request_id = i.request_id and o.customer_id is null and o.reporter_phone is null
    join request r on r.community_id = o.community_id and r.rework_of_id = o.request_id and r.customer_id is null and r.reporter_phone is null
    where i.is_report and i.channel = 'email' and i.sender <> '–'
    union all
    select r.community_id, r.request_id, a.inbound_message_id
    from anew a
    join request r on r.community_id = a.community_id and r.rework_of_id = a.request_id and r.customer_id is null and r.reporter_phone is null
    where not exists (select from inbound_message x where x.community_id = a.community_id and x.request_id = a.request_id and x.is_report)
)
insert into inbound_message (community_id, inbound_message_id, channel, external_id, kind, sender, sender_normalised, text, received_at, customer_id, request_id, settled_at, settled_by, is_report, carried_from)
select i.community_id, n.id, i.channel, 'carried:' || n.id, i.kind, i.sender, i.sender_normalised, '', i.received_at, i.customer_id, a.request_id, i.settled_at, i.settled_by, true, i.inbound_message_id
from anew a
join inbound_message i on i.community_id = a.community_id and i.inbound_message_id = a.inbound_message_id
cross join lateral (select gen_random_uuid() as id where a.request_id is not null) n
where not exists (select from inbound_message x where x.community_id = a.community_id and x.request_id = a.request_id and x.is_report);

-- ---------------------------------------------------------------- scores

-- As 0011 has it, and: a token is no person either, and what staff write down they write down themselves.
create or replace function score_is_a_persons() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    v_actor uuid := nullif(current_setting('desk.actor', true), '')::uuid;
begin
    if v_actor = '00000000-0000-0000-0000-000000000000' or exists (select from api_token t where t.token_id = v_actor) then
        raise exception 'a score has a human author' using errcode = 'check_violation', constraint = 'feedback_score_is_a_persons', table = 'feedback';
    end if;

    if new.author_kind = 'staff' and new.author_id <> v_actor then
        raise exception 'nobody scores in a colleague''s name' using errcode = 'check_violation', constraint = 'feedback_author_is_who_writes', table = 'feedback';
    end if;

    return new;
end
$$;
revoke execute on function score_is_a_persons from public;
