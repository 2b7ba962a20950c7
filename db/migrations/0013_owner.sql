-- The owner's own door: a link that opens one request, the codes that open the form to report, and what the desk confirms.

-- ---------------------------------------------------------------- links

-- A link's token is made of its id with a secret that only this database knows, and stands nowhere: here is its hash, so that what is
-- typed can be looked up; a message names the id, so that whoever sends it can make the token anew.
create table owner_link_secret (
    one boolean primary key default true check (one),
    secret bytea not null check (length(secret) = 32)
);
alter table owner_link_secret enable row level security;
insert into owner_link_secret (secret) values (sha256(decode(translate(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')));

create table owner_link (
    community_id uuid not null references community,
    owner_link_id uuid not null primary key,
    request_id uuid not null,
    token_hash bytea not null unique check (length(token_hash) = 32),
    made_at timestamptz not null,
    unique (community_id, owner_link_id),
    constraint owner_link_one_a_request unique (community_id, request_id),
    foreign key (community_id, request_id) references request (community_id, request_id)
);

alter table owner_link enable row level security;
create policy scope on owner_link to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]));
grant select (community_id, owner_link_id, request_id, made_at), insert on owner_link to desk_app;

create function secret_of_owner_links() returns bytea
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.secret from owner_link_secret s
$$;

-- Whose link this is; nothing where it is made up, or where its request ended longer than p_kept ago.
create function owner_link_holder(p_hash bytea, p_now timestamptz, p_kept interval) returns table (owner_link_id uuid, community_id uuid, request_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select l.owner_link_id, l.community_id, l.request_id
    from owner_link l
    join request r on r.community_id = l.community_id and r.request_id = l.request_id
    where l.token_hash = p_hash and coalesce(r.closed_at, r.cancelled_at, p_now) > p_now - p_kept
$$;

-- A link was given to one person. It is gone when they are forgotten, or when the request turns out to be somebody else's.
create function owner_link_ends() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    delete from owner_link l where l.community_id = new.community_id and l.request_id = new.request_id;
    return null;
end
$$;
create trigger owner_link_ends after update of customer_id, reporter_phone, description on request
    for each row when ((old.customer_id is not null and new.customer_id is distinct from old.customer_id)
        or (old.customer_id is null and old.reporter_phone is not null and new.reporter_phone is distinct from old.reporter_phone)
        or (new.description = '' and old.description <> ''))
    execute function owner_link_ends();

create function owner_links_of_the_forgotten_end() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    delete from owner_link l
    using request r
    where r.community_id = new.community_id and r.customer_id = new.customer_id and l.community_id = r.community_id and l.request_id = r.request_id;
    return null;
end
$$;
create trigger owner_links_of_the_forgotten_end after update of erased_at on customer
    for each row when (new.erased_at is not null and old.erased_at is null) execute function owner_links_of_the_forgotten_end();

-- ---------------------------------------------------------------- reports without an account

-- The code behind the community's own link to report; those of places and assets stand on them.
alter table community add column report_code text not null default translate(gen_random_uuid()::text, '-', '')
    constraint community_report_code_is_unique unique check (length(report_code) between 8 and 64);

create function report_target(p_code text) returns table (community_id uuid, place_id uuid, asset_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select a.community_id, null::uuid, a.asset_id from asset a where a.qr_code = p_code and a.retired_at is null
    union all
    select p.community_id, p.place_id, null from place p where p.qr_code = p_code and p.retired_at is null
    union all
    select c.community_id, null, null from community c where c.report_code = p_code
    limit 1
$$;

-- Reported by somebody whom nobody knows: the desk looks at it before it believes it.
alter table request
    add column to_confirm boolean not null default false,
    add column confirmed_at timestamptz,
    add column confirmed_by uuid,
    add constraint request_confirmed_is_whole check (num_nulls(confirmed_at, confirmed_by) in (0, 2)),
    add constraint request_confirmed_was_to_confirm check (confirmed_at is null or to_confirm);
create index request_to_confirm on request (community_id, reported_at desc, request_id desc) where to_confirm and confirmed_at is null;

revoke execute on function secret_of_owner_links, owner_link_holder, owner_link_ends, owner_links_of_the_forgotten_end, report_target from public;
grant execute on function secret_of_owner_links, owner_link_holder, report_target to desk_app;

call hide_what_tells_of_requests();
