-- "You said, we did": what residents asked for, paired with what was done. And: a new word from an owner, which the desk is told; how often
-- one address reports, counted here for all processes.

-- ---------------------------------------------------------------- you said, we did

-- Words typed for everybody to read, with the finished request that they come from, which is told to nobody. Public once a manager said so.
create table voice (
    community_id uuid not null references community,
    voice_id uuid not null primary key,
    request_id uuid not null,
    state text not null default 'proposed' check (state in ('proposed', 'published', 'withdrawn')),
    asked text not null check (length(asked) <= 500),
    done text not null check (length(done) <= 500),
    asked_en text check (length(asked_en) between 1 and 500),
    done_en text check (length(done_en) between 1 and 500),
    proposed_at timestamptz not null,
    proposed_by uuid not null,
    approved_at timestamptz,
    approved_by uuid,
    withdrawn_at timestamptz,
    withdrawn_why text check (withdrawn_why in ('byManager', 'confidential', 'forgotten')),
    version integer not null default 1,
    unique (community_id, voice_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, proposed_by) references community_staff (community_id, staff_id),
    foreign key (community_id, approved_by) references community_staff (community_id, staff_id),
    constraint voice_published_is_approved check (state <> 'published' or approved_at is not null),
    constraint voice_proposed_is_not_approved check (state <> 'proposed' or approved_at is null),
    constraint voice_approval_is_whole check (num_nulls(approved_at, approved_by) in (0, 2)),
    constraint voice_withdrawn_has_a_time_and_a_reason check ((state = 'withdrawn') = (withdrawn_at is not null) and num_nulls(withdrawn_at, withdrawn_why) in (0, 2)),
    constraint voice_says_something check (state = 'withdrawn' or (asked <> '' and done <> '')),
    constraint voice_in_english_is_whole check (num_nulls(asked_en, done_en) in (0, 2))
);
create unique index voice_once_a_request on voice (community_id, request_id) where state <> 'withdrawn';
create index voice_by_request on voice (community_id, request_id);
create index voice_by_time on voice (community_id, proposed_at desc, voice_id desc);
create index voice_published on voice (community_id, approved_at desc, voice_id desc) where state = 'published';

alter table voice enable row level security;
create policy scope on voice to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]));
grant select, insert, update on voice to desk_app;

-- A confidential complaint is never the source of one that stands: neither is one made from it, nor does it become confidential under one.
create function voice_is_no_secret() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from request r where r.community_id = new.community_id and r.request_id = new.request_id and r.confidential) then
        raise exception 'a confidential complaint is nobody''s to read' using errcode = 'check_violation', constraint = 'voice_is_no_secret', table = 'voice';
    end if;

    return new;
end
$$;
create trigger voice_is_no_secret before insert or update of state, request_id on voice
    for each row when (new.state <> 'withdrawn') execute function voice_is_no_secret();

create function secret_has_no_voice() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    if exists (select from voice v where v.community_id = new.community_id and v.request_id = new.request_id and v.state <> 'withdrawn') then
        raise exception 'a confidential complaint is nobody''s to read' using errcode = 'check_violation', constraint = 'voice_is_no_secret', table = 'voice';
    end if;

    return new;
end
$$;
create trigger secret_has_no_voice before update of confidential on request
    for each row when (new.confidential and not old.confidential) execute function secret_has_no_voice();

-- A person's right to be forgotten reaches what was said from their requests: those have no words left by then, and nothing is ever said
-- from one without words.
create function forget_voices() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    update voice v
    set state = 'withdrawn', asked = '', done = '', asked_en = null, done_en = null,
        withdrawn_at = coalesce(v.withdrawn_at, new.erased_at), withdrawn_why = case when v.state = 'withdrawn' then v.withdrawn_why else 'forgotten' end, version = v.version + 1
    from request r
    where v.community_id = new.community_id and v.asked <> '' and r.community_id = v.community_id and r.request_id = v.request_id and r.description = '';
    return null;
end
$$;
create trigger forget_voices after update of erased_at on customer
    for each row when (new.erased_at is not null) execute function forget_voices();

-- ---------------------------------------------------------------- a new word from an owner

-- Since when there is something from the owner, on their page or by a message, that nobody of the desk has looked at.
alter table request add column owner_word_at timestamptz;
create index request_owner_word on request (community_id, reported_at desc, request_id desc) where owner_word_at is not null;

-- ---------------------------------------------------------------- how often one address reports

-- Of each address, by its hash, the instant by which all that it was let do would be paid off at its rate.
create table report_pace (
    key_hash bytea primary key check (length(key_hash) = 32),
    paid_off_at timestamptz not null
);
create index report_pace_by_time on report_pace (paid_off_at);
alter table report_pace enable row level security;

-- Null where one more is let in, which is counted; else how long to wait, and nothing is counted.
create function admit_report(p_key bytea, p_cost interval, p_within interval, p_now timestamptz) returns interval
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    v_wait interval;
begin
    delete from report_pace
    where key_hash in (select o.key_hash from report_pace o where o.paid_off_at < p_now and o.key_hash <> p_key order by o.paid_off_at limit 10 for update skip locked);

    insert into report_pace as p (key_hash, paid_off_at) values (p_key, p_now + p_cost)
    on conflict (key_hash) do update
    set paid_off_at = case when p.paid_off_at > p_now and p.paid_off_at <= p_now + p_within then p.paid_off_at else p_now end + p_cost
    where case when p.paid_off_at > p_now and p.paid_off_at <= p_now + p_within then p.paid_off_at else p_now end + p_cost <= p_now + p_within;
    if found then
        return null;
    end if;

    select greatest(p.paid_off_at + p_cost - p_now - p_within, interval '1 second') into v_wait from report_pace p where p.key_hash = p_key;
    return coalesce(v_wait, interval '1 second');
end
$$;

revoke execute on function voice_is_no_secret, secret_has_no_voice, forget_voices, admit_report from public;
grant execute on function admit_report to desk_app;

call hide_what_tells_of_requests();
