-- The desk's tables. Every table with a community's data carries community_id, has unique (community_id, id), and refers to
-- other such tables by composite keys: a plain foreign key is checked without row-level security and would reach into
-- another community. Words of enums are stored as text, spelled as in the API. Time never comes from the server: it is an argument.

-- ---------------------------------------------------------------- scope

do $$
begin
    -- Roles belong to the server: another database may have made it already, or may be making it now.
    if not exists (select from pg_roles where rolname = 'desk_app') then
        create role desk_app nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

do $$
begin
    -- What signs in as the migrating user may act as desk_app; a production login is granted desk_app and nothing else.
    if not pg_has_role(current_user, 'desk_app', case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
        execute format('grant desk_app to %I', current_user);
    end if;
end
$$;

-- First statement of every transaction. After it, row-level security lets through the given communities only, and only
-- until the transaction ends, whatever connection it runs on.
create procedure enter_scope(p_communities text, p_actor text)
language plpgsql as $$
begin
    perform set_config('role', 'desk_app', true),
            set_config('desk.communities', p_communities, true),
            set_config('desk.actor', p_actor, true);
end
$$;

-- Policies call it as (select scope_communities()), so that it runs once a statement. Outside a scope it is empty: nothing is seen.
create function scope_communities() returns uuid[]
language sql stable parallel safe as $$
    select coalesce(string_to_array(nullif(current_setting('desk.communities', true), ''), ',')::uuid[], '{}'::uuid[])
$$;

create function scope_actor() returns uuid
language sql stable parallel safe as $$
    select nullif(current_setting('desk.actor', true), '')::uuid
$$;

-- ---------------------------------------------------------------- communities, staff, sign-in

create table district (
    district_id uuid primary key,
    code text not null unique check (code ~ '^[a-z0-9-]{1,40}$'),
    name text not null check (length(name) between 1 and 100),
    created_at timestamptz not null
);

create table community (
    community_id uuid primary key,
    district_id uuid references district,
    code text not null constraint community_code_is_unique unique check (code ~ '^[a-z0-9-]{1,40}$'),
    name text not null check (length(name) between 1 and 100),
    name_en text not null check (length(name_en) between 1 and 100),
    time_zone text not null check (length(time_zone) between 1 and 60),
    currency text not null default 'CNY' check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null
);

create table staff (
    staff_id uuid primary key,
    sign_in_name text not null constraint staff_sign_in_name_is_unique unique check (sign_in_name = lower(sign_in_name) and length(sign_in_name) between 1 and 100),
    display_name text not null check (length(display_name) between 1 and 100),
    language text not null default 'zh-CN' check (language in ('zh-CN', 'en')),
    phone text check (length(phone) <= 40),
    is_demo boolean not null default false,
    created_at timestamptz not null,
    disabled_at timestamptz
);

-- Apart from staff, and readable through staff_for_sign_in only: nobody lists hashes.
create table staff_credential (
    staff_id uuid primary key references staff,
    password_hash text not null,
    changed_at timestamptz not null
);

create table community_staff (
    community_id uuid not null references community,
    staff_id uuid not null references staff,
    joined_at timestamptz not null,
    left_at timestamptz check (left_at >= joined_at),
    primary key (community_id, staff_id)
);
create index community_staff_by_staff on community_staff (staff_id);

create table staff_role (
    community_id uuid not null,
    staff_id uuid not null,
    role text not null check (role in ('clerk', 'crewMember', 'crewLead', 'customerOfficer', 'manager', 'administrator', 'system')),
    granted_at timestamptz not null,
    primary key (community_id, staff_id, role),
    foreign key (community_id, staff_id) references community_staff
);

create table session (
    session_id uuid primary key,
    staff_id uuid not null references staff,
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > created_at),
    ended_at timestamptz,
    address text check (length(address) <= 60),
    user_agent text check (length(user_agent) <= 300)
);
create index session_by_staff on session (staff_id) where ended_at is null;

-- ---------------------------------------------------------------- places, assets

create table place (
    community_id uuid not null references community,
    place_id uuid not null primary key,
    parent_id uuid,
    kind text not null check (kind in ('community', 'phase', 'building', 'entrance', 'floor', 'home', 'shop', 'parkingSpace', 'commonArea')),
    code text not null check (length(code) between 1 and 40),
    full_code text not null check (length(full_code) between 1 and 120),
    name text not null check (length(name) between 1 and 200),
    name_en text check (length(name_en) <= 200),
    building_id uuid,
    qr_code text check (length(qr_code) between 8 and 64),
    retired_at timestamptz,
    unique (community_id, place_id),
    constraint place_code_is_unique unique (community_id, full_code),
    foreign key (community_id, parent_id) references place (community_id, place_id),
    foreign key (community_id, building_id) references place (community_id, place_id),
    check ((parent_id is null) = (kind = 'community')),
    check (parent_id <> place_id)
);
create index place_by_parent on place (community_id, parent_id);
create unique index place_root on place (community_id) where parent_id is null;
create unique index place_by_qr on place (qr_code) where qr_code is not null;

create table asset (
    community_id uuid not null references community,
    asset_id uuid not null primary key,
    place_id uuid not null,
    kind text not null check (length(kind) between 1 and 40),
    code text not null check (length(code) between 1 and 40),
    name text not null check (length(name) between 1 and 200),
    name_en text check (length(name_en) <= 200),
    qr_code text not null constraint asset_qr_code_is_unique unique check (length(qr_code) between 8 and 64),
    retired_at timestamptz,
    unique (community_id, asset_id),
    constraint asset_code_is_unique unique (community_id, code),
    foreign key (community_id, place_id) references place (community_id, place_id)
);
create index asset_by_place on asset (community_id, place_id);

-- ---------------------------------------------------------------- customers

-- A person as one community knows them. Somebody with homes in two communities is two customers.
create table customer (
    community_id uuid not null references community,
    customer_id uuid not null primary key,
    name text not null check (length(name) between 1 and 100),
    language text not null default 'zh-CN' check (language in ('zh-CN', 'en')),
    preferred_channel text not null default 'phone' check (preferred_channel in ('phone', 'sms', 'email', 'weChat', 'app')),
    note text check (length(note) <= 2000),
    opted_out_at timestamptz,
    created_at timestamptz not null,
    erased_at timestamptz,
    version integer not null default 1,
    unique (community_id, customer_id)
);

create table contact_point (
    community_id uuid not null references community,
    contact_point_id uuid not null primary key,
    customer_id uuid not null,
    kind text not null check (kind in ('phone', 'email', 'weChat')),
    value text not null check (length(value) between 1 and 200),
    normalised text not null check (length(normalised) between 1 and 200),
    label text check (length(label) <= 40),
    position smallint not null default 0,
    unique (community_id, contact_point_id),
    constraint contact_point_is_unique unique (community_id, customer_id, kind, normalised),
    foreign key (community_id, customer_id) references customer (community_id, customer_id)
);
create index contact_point_by_value on contact_point (community_id, normalised);

create table occupancy (
    community_id uuid not null references community,
    occupancy_id uuid not null primary key,
    customer_id uuid not null,
    place_id uuid not null,
    role text not null check (role in ('owner', 'tenant', 'resident')),
    from_on date not null,
    to_on date check (to_on >= from_on),
    unique (community_id, occupancy_id),
    foreign key (community_id, customer_id) references customer (community_id, customer_id),
    foreign key (community_id, place_id) references place (community_id, place_id)
);
create unique index occupancy_is_unique on occupancy (community_id, customer_id, place_id, role) where to_on is null;
create index occupancy_by_customer on occupancy (community_id, customer_id);
create index occupancy_by_place on occupancy (community_id, place_id) where to_on is null;

-- Equality on (community, token) finds; nothing else is asked of it. Substring indexes do not work under row-level security.
create table search_token (
    community_id uuid not null references community,
    token text not null check (length(token) between 1 and 64),
    kind text not null check (kind in ('customer', 'place', 'request')),
    id uuid not null,
    primary key (community_id, token, kind, id)
);
create index search_token_by_id on search_token (community_id, id);

-- ---------------------------------------------------------------- teams, rosters

create table team (
    community_id uuid not null references community,
    team_id uuid not null primary key,
    crew text not null check (crew in ('engineering', 'environment', 'security', 'administration')),
    name text not null check (length(name) between 1 and 100),
    name_en text not null check (length(name_en) between 1 and 100),
    external boolean not null default false,
    phone text check (length(phone) <= 40),
    retired_at timestamptz,
    unique (community_id, team_id),
    constraint team_name_is_unique unique (community_id, name)
);

create table team_member (
    community_id uuid not null references community,
    team_id uuid not null,
    staff_id uuid not null,
    lead boolean not null default false,
    from_at timestamptz not null,
    to_at timestamptz check (to_at >= from_at),
    primary key (community_id, team_id, staff_id, from_at),
    foreign key (community_id, team_id) references team (community_id, team_id),
    foreign key (community_id, staff_id) references community_staff
);
create unique index team_member_now on team_member (community_id, team_id, staff_id) where to_at is null;
create index team_member_by_staff on team_member (community_id, staff_id) where to_at is null;

-- A shift is two instants, so that one past midnight is nothing special. Swapping it gives it another person.
create table shift (
    community_id uuid not null references community,
    shift_id uuid not null primary key,
    duty text not null check (duty in ('crew', 'crewLead', 'desk', 'customerOfficer', 'manager', 'district')),
    team_id uuid,
    staff_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at and ends_at <= starts_at + interval '36 hours'),
    swapped_from_id uuid,
    unique (community_id, shift_id),
    foreign key (community_id, team_id) references team (community_id, team_id),
    foreign key (community_id, staff_id) references community_staff,
    foreign key (community_id, swapped_from_id) references community_staff (community_id, staff_id),
    check ((duty in ('crew', 'crewLead')) = (team_id is not null))
);
create index shift_by_time on shift (community_id, duty, ends_at);

create table leave (
    community_id uuid not null references community,
    leave_id uuid not null primary key,
    staff_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null check (ends_at > starts_at),
    deputy_id uuid check (deputy_id <> staff_id),
    unique (community_id, leave_id),
    foreign key (community_id, staff_id) references community_staff,
    foreign key (community_id, deputy_id) references community_staff (community_id, staff_id)
);
create index leave_by_staff on leave (community_id, staff_id, ends_at);

-- ---------------------------------------------------------------- categories, policies, calendars

create table category (
    community_id uuid not null references community,
    category_id uuid not null primary key,
    parent_id uuid,
    kind text not null check (kind in ('repair', 'complaint', 'inquiry', 'suggestion', 'praise')),
    code text not null check (length(code) between 1 and 60),
    name text not null check (length(name) between 1 and 100),
    name_en text not null check (length(name_en) between 1 and 100),
    crew text check (crew in ('engineering', 'environment', 'security', 'administration')),
    priority text not null default 'normal' check (priority in ('danger', 'urgent', 'normal', 'low')),
    payer text not null default 'free' check (payer in ('free', 'owner', 'warranty', 'maintenanceFund', 'contractor')),
    common_area boolean not null default false,
    demands_photos text[] not null default '{}' check (demands_photos <@ array['before', 'after', 'signature', 'evidence']),
    position integer not null default 0,
    retired_at timestamptz,
    unique (community_id, category_id),
    constraint category_code_is_unique unique (community_id, kind, code),
    foreign key (community_id, parent_id) references category (community_id, category_id),
    check (parent_id <> category_id)
);

create table calendar (
    community_id uuid not null references community,
    calendar_id uuid not null primary key,
    code text not null check (code ~ '^[a-z0-9-]{1,40}$'),
    name text not null,
    name_en text not null,
    current_version_id uuid not null,
    unique (community_id, calendar_id),
    unique (community_id, code)
);

create table calendar_version (
    community_id uuid not null references community,
    calendar_version_id uuid not null primary key,
    calendar_id uuid not null,
    version integer not null check (version > 0),
    definition jsonb not null,
    created_at timestamptz not null,
    created_by uuid,
    unique (community_id, calendar_version_id),
    unique (community_id, calendar_id, version),
    foreign key (community_id, calendar_id) references calendar (community_id, calendar_id)
);
alter table calendar add foreign key (community_id, current_version_id)
    references calendar_version (community_id, calendar_version_id) deferrable initially deferred;

-- A community's SLA profile: its policies, the rework rule and the limits of holds, as one document, versioned whole. A version never changes.
create table sla_profile_version (
    community_id uuid not null references community,
    policy_version_id uuid not null primary key,
    version integer not null check (version > 0),
    definition jsonb not null,
    created_at timestamptz not null,
    created_by uuid,
    unique (community_id, policy_version_id),
    unique (community_id, version)
);

-- ---------------------------------------------------------------- requests

-- Sequence of the numbers that people speak (a check digit is put behind). One for requests, orders and faults: a number names one thing.
create sequence spoken_number start 1000000 cache 20;

create table request (
    community_id uuid not null references community,
    request_id uuid not null primary key,
    number bigint not null unique,
    kind text not null check (kind in ('repair', 'complaint', 'inquiry', 'suggestion', 'praise')),
    channel text not null check (channel in ('phone', 'walkIn', 'web', 'weChat', 'email', 'letter', 'fax', 'qr', 'app', 'socialMedia', 'api', 'staff')),
    status text not null default 'received' check (status in ('received', 'inProgress', 'awaitingFeedback', 'closed', 'cancelled')),
    outcome text check (outcome in ('resolved', 'answered', 'referred', 'explained', 'withdrawn', 'duplicate')),
    category_id uuid not null,
    priority text not null check (priority in ('danger', 'urgent', 'normal', 'low')),
    description text not null check (length(description) <= 4000),
    place_id uuid,
    building_id uuid,
    asset_id uuid,
    customer_id uuid,
    reporter_name text check (length(reporter_name) <= 100),
    reporter_phone text check (length(reporter_phone) <= 40),
    on_behalf_of text check (length(on_behalf_of) <= 100),
    confidential boolean not null default false,
    reported_at timestamptz not null,
    registered_at timestamptz not null,
    registered_by uuid not null,
    appointment_from timestamptz,
    appointment_to timestamptz,
    foreign_source text check (length(foreign_source) between 1 and 60),
    foreign_number text check (length(foreign_number) between 1 and 60),
    imposed_due_at timestamptz,
    import_source text check (length(import_source) between 1 and 60),
    import_id text check (length(import_id) between 1 and 100),
    payer text not null default 'free' check (payer in ('free', 'owner', 'warranty', 'maintenanceFund', 'contractor')),
    in_charge_id uuid,
    about_crew text check (about_crew in ('engineering', 'environment', 'security', 'administration')),
    about_staff_id uuid,
    first_replied_at timestamptz,
    written_replied_at timestamptz,
    round smallint not null default 0 check (round >= 0),
    rework_count smallint not null default 0 check (rework_count >= 0),
    rework_of_id uuid,
    duplicate_of_id uuid,
    urge_count integer not null default 0,
    urge_repeats integer not null default 0,
    last_urged_at timestamptz,
    finished_at timestamptz,
    closed_at timestamptz,
    cancelled_at timestamptz,
    taken_up_at timestamptz,
    version integer not null default 1,
    unique (community_id, request_id),
    foreign key (community_id, category_id) references category (community_id, category_id),
    foreign key (community_id, place_id) references place (community_id, place_id),
    foreign key (community_id, building_id) references place (community_id, place_id),
    foreign key (community_id, asset_id) references asset (community_id, asset_id),
    foreign key (community_id, customer_id) references customer (community_id, customer_id),
    foreign key (community_id, in_charge_id) references community_staff (community_id, staff_id),
    foreign key (community_id, about_staff_id) references community_staff (community_id, staff_id),
    foreign key (community_id, rework_of_id) references request (community_id, request_id),
    foreign key (community_id, duplicate_of_id) references request (community_id, request_id),
    constraint request_reported_before_registered check (reported_at <= registered_at or import_id is not null),
    constraint request_appointment_is_a_window check ((appointment_from is null) = (appointment_to is null) and appointment_to > appointment_from),
    constraint request_foreign_number_has_a_source check ((foreign_source is null) = (foreign_number is null)),
    constraint request_import_id_has_a_source check ((import_source is null) = (import_id is null)),
    constraint request_outcome_when_finished check ((status in ('received', 'inProgress')) = (outcome is null)),
    constraint request_closed_has_a_time check ((status = 'closed') = (closed_at is not null)),
    constraint request_cancelled_has_a_time check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint request_cancelled_outcome check (status <> 'cancelled' or outcome in ('withdrawn', 'duplicate')),
    constraint request_duplicate_of_another check (duplicate_of_id is null or (outcome is not distinct from 'duplicate' and duplicate_of_id <> request_id)),
    constraint request_in_charge_is_not_complained_about check (in_charge_id is null or about_staff_id is null or in_charge_id <> about_staff_id),
    constraint request_only_a_complaint_is_about_somebody check (kind = 'complaint' or num_nonnulls(about_crew, about_staff_id) = 0)
);
create index request_by_time on request (community_id, reported_at desc, request_id desc);
create index request_by_category on request (community_id, category_id, reported_at desc, request_id desc);
create index request_by_customer on request (community_id, customer_id, reported_at desc, request_id desc) where customer_id is not null;
create index request_open on request (community_id, status, reported_at, request_id) where status in ('received', 'inProgress', 'awaitingFeedback');
create index request_open_by_building on request (community_id, building_id, reported_at) where status in ('received', 'inProgress', 'awaitingFeedback');
create index request_open_by_place on request (community_id, place_id, reported_at) where status in ('received', 'inProgress', 'awaitingFeedback');
create index request_in_charge on request (community_id, in_charge_id) where status in ('received', 'inProgress', 'awaitingFeedback') and in_charge_id is not null;
create index request_rework_of on request (community_id, rework_of_id) where rework_of_id is not null;
create unique index request_foreign_number_is_unique on request (community_id, foreign_source, foreign_number) where foreign_number is not null;
create unique index request_import_is_unique on request (community_id, import_source, import_id) where import_id is not null;

create table promise (
    community_id uuid not null references community,
    promise_id uuid not null primary key,
    request_id uuid not null,
    text text not null check (length(text) <= 1000),
    due_at timestamptz not null,
    made_by uuid not null,
    made_at timestamptz not null,
    kept_at timestamptz,
    unique (community_id, promise_id),
    foreign key (community_id, request_id) references request (community_id, request_id)
);
create index promise_by_request on promise (community_id, request_id);

-- ---------------------------------------------------------------- faults

create table fault (
    community_id uuid not null references community,
    fault_id uuid not null primary key,
    number bigint not null unique,
    status text not null default 'open' check (status in ('open', 'ended')),
    title text not null check (length(title) between 1 and 200),
    category_id uuid not null,
    place_id uuid not null,
    building_id uuid,
    asset_id uuid,
    expected_at timestamptz,
    opened_at timestamptz not null,
    opened_by uuid not null,
    ended_at timestamptz,
    version integer not null default 1,
    unique (community_id, fault_id),
    foreign key (community_id, category_id) references category (community_id, category_id),
    foreign key (community_id, place_id) references place (community_id, place_id),
    foreign key (community_id, building_id) references place (community_id, place_id),
    foreign key (community_id, asset_id) references asset (community_id, asset_id),
    check ((status = 'ended') = (ended_at is not null))
);
create index fault_open on fault (community_id, building_id, opened_at) where status = 'open';
create index fault_by_time on fault (community_id, opened_at desc, fault_id desc);

create table fault_request (
    community_id uuid not null references community,
    fault_id uuid not null,
    request_id uuid not null,
    joined_at timestamptz not null,
    joined_by uuid not null,
    left_at timestamptz check (left_at >= joined_at),
    left_how text check (left_how in ('unJoined', 'splitOff')),
    primary key (community_id, fault_id, request_id, joined_at),
    foreign key (community_id, fault_id) references fault (community_id, fault_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    check ((left_at is null) = (left_how is null))
);
create unique index fault_request_now on fault_request (community_id, request_id) where left_at is null;
create index fault_request_by_request on fault_request (community_id, request_id);

-- ---------------------------------------------------------------- work orders

create table work_order (
    community_id uuid not null references community,
    work_order_id uuid not null primary key,
    number bigint not null unique,
    fault_id uuid,
    crew text not null check (crew in ('engineering', 'environment', 'security', 'administration')),
    team_id uuid,
    assignee_id uuid,
    status text not null check (status in ('waiting', 'unassigned', 'dispatched', 'accepted', 'working', 'onHold', 'done', 'voided')),
    priority text not null check (priority in ('danger', 'urgent', 'normal', 'low')),
    category_id uuid not null,
    place_id uuid,
    asset_id uuid,
    what_to_do text not null check (length(what_to_do) <= 2000),
    waits_for_id uuid check (waits_for_id <> work_order_id),
    rework_of_id uuid check (rework_of_id <> work_order_id),
    mandatory boolean not null default true, -- for what joins its fault later; whether a request waits for it stands on the link
    rework_cause text check (rework_cause in ('workmanship', 'material', 'diagnosis', 'otherFault', 'misuse')),
    created_at timestamptz not null,
    created_by uuid,
    dispatched_at timestamptz,
    assigned_at timestamptz,
    accepted_at timestamptz,
    arrived_at timestamptz,
    done_at timestamptz,
    voided_at timestamptz,
    done_what text check (length(done_what) <= 4000),
    cause text check (length(cause) <= 1000),
    payer text not null default 'free' check (payer in ('free', 'owner', 'warranty', 'maintenanceFund', 'contractor')),
    consented_amount numeric(12, 2) check (consented_amount >= 0),
    final_amount numeric(12, 2) check (final_amount >= 0),
    leg smallint not null default 1 check (leg > 0),
    version integer not null default 1,
    unique (community_id, work_order_id),
    foreign key (community_id, fault_id) references fault (community_id, fault_id),
    foreign key (community_id, team_id) references team (community_id, team_id),
    foreign key (community_id, assignee_id) references community_staff (community_id, staff_id),
    foreign key (community_id, category_id) references category (community_id, category_id),
    foreign key (community_id, place_id) references place (community_id, place_id),
    foreign key (community_id, asset_id) references asset (community_id, asset_id),
    foreign key (community_id, waits_for_id) references work_order (community_id, work_order_id),
    foreign key (community_id, rework_of_id) references work_order (community_id, work_order_id),
    constraint work_order_amount_within_consent check (final_amount is null or payer <> 'owner' or final_amount = 0 or (consented_amount is not null and final_amount <= consented_amount)),
    constraint work_order_rework_is_free check (rework_of_id is null or payer <> 'owner'),
    constraint work_order_paid_needs_consent check (payer <> 'owner' or consented_amount is not null or status <> 'done'),
    constraint work_order_dispatched_to_a_team check (status in ('waiting', 'unassigned', 'voided', 'done') or team_id is not null),
    constraint work_order_done_has_a_time check ((status = 'done') = (done_at is not null)),
    constraint work_order_voided_has_a_time check ((status = 'voided') = (voided_at is not null)),
    constraint work_order_waiting_waits_for check (status <> 'waiting' or waits_for_id is not null)
);
create index work_order_open_by_team on work_order (community_id, team_id, status, created_at, work_order_id) where status not in ('done', 'voided');
create index work_order_open_by_assignee on work_order (community_id, assignee_id, created_at, work_order_id) where status not in ('done', 'voided') and assignee_id is not null;
create index work_order_open on work_order (community_id, status, created_at, work_order_id) where status not in ('done', 'voided');
create index work_order_by_time on work_order (community_id, created_at desc, work_order_id desc);
create index work_order_by_team on work_order (community_id, team_id, created_at desc, work_order_id desc) where team_id is not null;
create index work_order_by_fault on work_order (community_id, fault_id) where fault_id is not null;
create index work_order_waits_for on work_order (community_id, waits_for_id) where status = 'waiting';
create index work_order_rework_of on work_order (community_id, rework_of_id) where rework_of_id is not null;

create table request_work_order (
    community_id uuid not null references community,
    request_id uuid not null,
    work_order_id uuid not null,
    mandatory boolean not null default true,
    joined_at timestamptz not null,
    left_at timestamptz check (left_at >= joined_at),
    primary key (community_id, request_id, work_order_id, joined_at),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id)
);
create unique index request_work_order_now on request_work_order (community_id, work_order_id, request_id) where left_at is null;

create table hold (
    community_id uuid not null references community,
    hold_id uuid not null primary key,
    work_order_id uuid not null,
    reason text not null check (reason in ('parts', 'customer', 'thirdParty', 'weather', 'other')),
    note text check (length(note) <= 1000),
    evidence text check (evidence in ('call', 'photo')),
    from_at timestamptz not null,
    wake_at timestamptz not null check (wake_at > from_at),
    until_at timestamptz check (until_at >= from_at),
    agreed_by uuid,
    unique (community_id, hold_id),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id),
    constraint hold_for_an_absent_customer_has_evidence check (reason <> 'customer' or evidence is not null)
);
create unique index hold_now on hold (community_id, work_order_id) where until_at is null;
create index hold_to_wake on hold (wake_at) where until_at is null;

create table material (
    community_id uuid not null references community,
    work_order_id uuid not null,
    line smallint not null check (line > 0),
    name text not null check (length(name) between 1 and 100),
    quantity numeric(10, 3) not null check (quantity > 0),
    unit text not null check (length(unit) between 1 and 20),
    unit_price numeric(12, 2) check (unit_price >= 0),
    primary key (community_id, work_order_id, line),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id)
);

create table quote (
    community_id uuid not null references community,
    quote_id uuid not null primary key,
    work_order_id uuid not null,
    total numeric(12, 2) not null check (total >= 0),
    quoted_at timestamptz not null,
    quoted_by uuid not null,
    withdrawn_at timestamptz,
    consented_at timestamptz,
    consented_by text check (length(consented_by) between 1 and 100),
    consented_amount numeric(12, 2) check (consented_amount >= 0),
    consent_channel text check (consent_channel in ('phone', 'walkIn', 'web', 'weChat', 'email', 'letter', 'fax', 'qr', 'app', 'socialMedia', 'api', 'staff')),
    consent_recorded_by uuid,
    refused_at timestamptz,
    unique (community_id, quote_id),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id),
    constraint quote_consent_within_total check (consented_amount <= total),
    constraint quote_consent_after_quoting check (consented_at >= quoted_at),
    constraint quote_consent_is_whole check (num_nulls(consented_at, consented_by, consented_amount, consent_channel) in (0, 4)),
    constraint quote_answered_once check (num_nonnulls(consented_at, refused_at) <= 1)
);
create unique index quote_now on quote (community_id, work_order_id) where withdrawn_at is null and refused_at is null;

create table quote_line (
    community_id uuid not null references community,
    quote_id uuid not null,
    line smallint not null check (line > 0),
    name text not null check (length(name) between 1 and 100),
    quantity numeric(10, 3) not null check (quantity > 0),
    unit text not null check (length(unit) between 1 and 20),
    unit_price numeric(12, 2) not null check (unit_price >= 0),
    primary key (community_id, quote_id, line),
    foreign key (community_id, quote_id) references quote (community_id, quote_id)
);

-- ---------------------------------------------------------------- feedback

create table feedback (
    community_id uuid not null references community,
    feedback_id uuid not null primary key,
    request_id uuid not null,
    round smallint not null check (round > 0),
    state text not null check (state in ('asked', 'reminded', 'toCall', 'answered', 'refused', 'unreachable', 'noResponse', 'notAsked')),
    not_asked_rule text check (length(not_asked_rule) between 1 and 40),
    started_at timestamptz not null,
    asked_at timestamptz,
    next_check_at timestamptz,
    ended_at timestamptz,
    solved text check (solved in ('yes', 'partly', 'no')),
    satisfaction smallint check (satisfaction between 1 and 5),
    recommend smallint check (recommend between 1 and 5),
    made_it_five text check (length(made_it_five) <= 2000),
    author_kind text constraint feedback_author_is_a_person check (author_kind in ('owner', 'staff')),
    author_id uuid,
    spoke_with text check (length(spoke_with) <= 100),
    number_dialled text check (length(number_dialled) <= 40),
    version integer not null default 1,
    unique (community_id, feedback_id),
    constraint feedback_once_a_round unique (community_id, request_id, round),
    foreign key (community_id, request_id) references request (community_id, request_id),
    -- Nobody but a person scores: an answer has a human author, and nothing that is not an answer has a score.
    constraint feedback_answer_has_a_human_author check ((state = 'answered') = (author_kind is not null)),
    constraint feedback_staff_author_is_named check (author_kind is distinct from 'staff' or (author_id is not null and spoke_with is not null)),
    constraint feedback_only_answers_have_scores check (state = 'answered' or num_nonnulls(solved, satisfaction, recommend, made_it_five) = 0),
    constraint feedback_staff_author_works_here foreign key (community_id, author_id) references community_staff (community_id, staff_id),
    constraint feedback_author_id_is_of_staff check (author_id is null or author_kind is not distinct from 'staff'),
    -- "Not fixed", said without a score, is an answer, too.
    constraint feedback_answer_says_whether_solved check (state <> 'answered' or (solved is not null and (satisfaction is not null or solved = 'no'))),
    constraint feedback_not_asked_has_a_rule check ((state = 'notAsked') = (not_asked_rule is not null)),
    constraint feedback_ended_has_a_time check ((state in ('asked', 'reminded', 'toCall')) = (ended_at is null))
);
create index feedback_open on feedback (community_id, next_check_at) where ended_at is null;
create index feedback_open_by_state on feedback (community_id, state, started_at, feedback_id) where ended_at is null;

create table call_attempt (
    community_id uuid not null references community,
    call_attempt_id uuid not null primary key,
    feedback_id uuid not null,
    staff_id uuid not null,
    tried_at timestamptz not null,
    number_dialled text not null check (length(number_dialled) between 1 and 40),
    result text not null check (result in ('noAnswer', 'busy', 'wrongNumber', 'callLater', 'answered', 'refused')),
    note text check (length(note) <= 1000),
    unique (community_id, call_attempt_id),
    foreign key (community_id, feedback_id) references feedback (community_id, feedback_id)
);
create index call_attempt_by_feedback on call_attempt (community_id, feedback_id, tried_at);

create table follow_up (
    community_id uuid not null references community,
    follow_up_id uuid not null primary key,
    request_id uuid not null,
    feedback_id uuid not null,
    reason text not null check (reason in ('lowScore', 'partlySolved', 'notSolved')),
    for_role text not null check (for_role in ('clerk', 'customerOfficer', 'manager')),
    opened_at timestamptz not null,
    due_at timestamptz not null,
    ended_at timestamptz,
    ended_by uuid,
    ended_how text check (ended_how in ('explained', 'rework', 'calledBack', 'noted')),
    unique (community_id, follow_up_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, feedback_id) references feedback (community_id, feedback_id),
    check (num_nulls(ended_at, ended_how) in (0, 2))
);
create unique index follow_up_once on follow_up (community_id, feedback_id, reason, for_role);
create index follow_up_open on follow_up (community_id, for_role, due_at, follow_up_id) where ended_at is null;

-- ---------------------------------------------------------------- clocks

-- A clock is a row; nothing about deadlines stands on the request or the order.
create table clock (
    community_id uuid not null references community,
    clock_id uuid not null primary key,
    subject_kind text not null check (subject_kind in ('request', 'workOrder', 'feedback')),
    subject_id uuid not null,
    kind text not null check (kind in ('accept', 'arrive', 'safe', 'controlled', 'firstReply', 'writtenReply', 'arranged', 'finish', 'feedback')),
    cycle smallint not null default 1 check (cycle > 0),
    crew text check (crew in ('engineering', 'environment', 'security', 'administration')),
    policy_version_id uuid,
    policy text check (length(policy) between 1 and 60),
    calendar_version_id uuid,
    imposed boolean not null default false,
    imported boolean not null default false,
    started_at timestamptz not null,
    allowance integer check (allowance >= 0),
    unit text check (unit in ('workingMinutes', 'hours', 'days', 'workingDays')),
    due_at timestamptz,
    beyond_calendar boolean not null default false,
    held_at timestamptz,
    stopped_at timestamptz,
    stopped_why text check (stopped_why in ('met', 'voided', 'cancelled', 'transferred', 'returned', 'superseded', 'left')),
    breached_at timestamptz,
    next_check_at timestamptz,
    unique (community_id, clock_id),
    constraint clock_once_a_cycle unique (community_id, subject_id, kind, cycle),
    foreign key (community_id, policy_version_id) references sla_profile_version (community_id, policy_version_id),
    foreign key (community_id, calendar_version_id) references calendar_version (community_id, calendar_version_id),
    constraint clock_due_or_beyond check (due_at is not null or beyond_calendar),
    constraint clock_has_a_source check (imposed or imported or policy_version_id is not null),
    check ((stopped_at is null) = (stopped_why is null)),
    check (stopped_at is null or next_check_at is null)
);
-- When a clock did not run. The due time follows from start, allowance, calendar and these.
create table clock_pause (
    community_id uuid not null references community,
    clock_id uuid not null,
    from_at timestamptz not null,
    to_at timestamptz check (to_at >= from_at),
    primary key (community_id, clock_id, from_at),
    foreign key (community_id, clock_id) references clock (community_id, clock_id)
);

create index clock_running_by_due on clock (community_id, subject_kind, kind, due_at, subject_id) where stopped_at is null;
create index clock_to_check on clock (next_check_at) where next_check_at is not null;

-- ---------------------------------------------------------------- attachments

create table attachment (
    community_id uuid not null references community,
    attachment_id uuid not null primary key,
    request_id uuid,
    work_order_id uuid,
    purpose text not null check (purpose in ('before', 'after', 'signature', 'evidence', 'other')),
    visibility text not null check (visibility in ('owner', 'crew', 'desk')),
    media_type text not null check (media_type in ('image/jpeg', 'image/png', 'image/webp', 'image/heic', 'application/pdf')),
    file_name text not null check (length(file_name) between 1 and 200),
    size bigint not null check (size > 0),
    sha256 bytea not null check (length(sha256) = 32),
    shared_size bigint check (shared_size > 0),
    shared_sha256 bytea check (length(shared_sha256) = 32),
    uploaded_at timestamptz not null,
    uploaded_by uuid,
    removed_at timestamptz,
    unique (community_id, attachment_id),
    foreign key (community_id, request_id) references request (community_id, request_id),
    foreign key (community_id, work_order_id) references work_order (community_id, work_order_id),
    check (num_nonnulls(request_id, work_order_id) = 1),
    check ((shared_size is null) = (shared_sha256 is null))
);
create index attachment_by_request on attachment (community_id, request_id) where request_id is not null;
create index attachment_by_work_order on attachment (community_id, work_order_id) where work_order_id is not null;

-- The bytes, chunked. Nothing refers to it, so that it can be partitioned, and left out of a backup. Variant: as uploaded, or
-- with its location removed, for owners.
create table attachment_content (
    community_id uuid not null,
    attachment_id uuid not null,
    variant text not null check (variant in ('original', 'shared')),
    chunk integer not null check (chunk >= 0),
    bytes bytea not null check (length(bytes) between 1 and 262144),
    primary key (community_id, attachment_id, variant, chunk)
);
alter table attachment_content alter column bytes set storage external;

-- ---------------------------------------------------------------- messages, idempotency

create table message (
    community_id uuid not null references community,
    message_id uuid not null primary key,
    dedupe_key text not null check (length(dedupe_key) between 1 and 200),
    recipient_kind text not null check (recipient_kind in ('customer', 'reporter', 'staff', 'role')),
    recipient_id uuid,
    recipient_role text,
    request_id uuid,
    template text not null check (length(template) between 1 and 60),
    detail json not null,
    created_at timestamptz not null,
    send_after timestamptz not null,
    sent_at timestamptz,
    parked_at timestamptz,
    attempts smallint not null default 0,
    unique (community_id, message_id),
    constraint message_once_a_cause unique (community_id, dedupe_key)
);
create index message_to_send on message (send_after) where sent_at is null and parked_at is null;
create index message_by_request on message (community_id, request_id) where request_id is not null;

-- One row a key and actor: inserted first in the command's own transaction, completed with the reply before commit.
create table idempotency_key (
    actor_id uuid not null,
    key text not null check (length(key) between 1 and 100),
    command text not null,
    body_hash bytea not null check (length(body_hash) = 32),
    reply text,
    created_at timestamptz not null,
    primary key (actor_id, key)
);
create index idempotency_key_by_age on idempotency_key (created_at);

-- ---------------------------------------------------------------- the event log

-- One log a community. seq is gapless and in commit order: it is given under the head row, which stays locked until commit.
create table event_head (
    community_id uuid primary key references community,
    seq bigint not null,
    hash bytea not null check (length(hash) = 32)
) with (fillfactor = 10);

create table event (
    community_id uuid not null,
    seq bigint not null,
    subject_kind text not null,
    subject_id uuid not null,
    what text not null,
    visibility text not null check (visibility in ('owner', 'crew', 'desk')),
    detail json not null,
    actor_kind text not null check (actor_kind in ('staff', 'owner', 'system')),
    actor_id uuid,
    channel text,
    device text,
    device_at timestamptz,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    text_hash bytea check (length(text_hash) = 32),
    prev_hash bytea not null,
    hash bytea not null,
    primary key (community_id, seq)
);
create index event_by_subject on event (community_id, subject_id, seq);

-- Words and personal data, apart from the event: erasing sets text and salt to null, and the chain, which holds the hash, stays valid.
create table event_text (
    community_id uuid not null,
    seq bigint not null,
    salt bytea check (length(salt) = 16),
    text text,
    erased_at timestamptz,
    primary key (community_id, seq),
    check ((text is null) = (salt is null) and (text is null) = (erased_at is not null))
);

-- What the chain hashes of an event. Domain/Plumbing/EventLog.cs computes the same bytes; a test holds the two together.
create function event_hash(
    p_prev bytea, p_seq bigint, p_subject_kind text, p_subject_id uuid, p_what text, p_visibility text, p_detail text,
    p_actor_kind text, p_actor_id uuid, p_channel text, p_device text, p_device_at timestamptz,
    p_occurred_at timestamptz, p_recorded_at timestamptz, p_text_hash bytea) returns bytea
language sql immutable parallel safe as $$
    select sha256(p_prev || convert_to(
        p_seq::text || E'\x1f' || p_subject_kind || E'\x1f' || p_subject_id::text || E'\x1f' || p_what || E'\x1f' || p_visibility || E'\x1f'
        || p_detail || E'\x1f' || p_actor_kind || E'\x1f' || coalesce(p_actor_id::text, '') || E'\x1f' || coalesce(p_channel, '') || E'\x1f'
        || coalesce(p_device, '') || E'\x1f' || coalesce((extract(epoch from p_device_at) * 1000000)::bigint::text, '') || E'\x1f'
        || (extract(epoch from p_occurred_at) * 1000000)::bigint::text || E'\x1f' || (extract(epoch from p_recorded_at) * 1000000)::bigint::text
        || E'\x1f' || coalesce(encode(p_text_hash, 'hex'), ''), 'UTF8'))
$$;

-- Last statement of a command: gives its events their numbers, under the head row, and chains them. Runs as the caller, so
-- row-level security holds here too. Returns the last number.
create function append_events(
    p_community uuid, p_now timestamptz,
    p_subject_kind text[], p_subject_id uuid[], p_what text[], p_visibility text[], p_detail text[], p_occurred_at timestamptz[],
    p_salt bytea[], p_text text[],
    p_actor_kind text, p_actor_id uuid, p_channel text, p_device text, p_device_at timestamptz) returns bigint
language plpgsql as $$
declare
    v_seq bigint;
    v_hash bytea;
    v_prev bytea;
    v_text_hash bytea;
begin
    select seq, hash into strict v_seq, v_hash from event_head where community_id = p_community for update;

    for i in 1 .. cardinality(p_what) loop
        v_seq := v_seq + 1;
        v_prev := v_hash;
        v_text_hash := sha256(p_salt[i] || convert_to(p_text[i], 'UTF8'));
        v_hash := event_hash(v_prev, v_seq, p_subject_kind[i], p_subject_id[i], p_what[i], p_visibility[i], p_detail[i],
            p_actor_kind, p_actor_id, p_channel, p_device, p_device_at, p_occurred_at[i], p_now, v_text_hash);

        insert into event (community_id, seq, subject_kind, subject_id, what, visibility, detail, actor_kind, actor_id, channel, device,
            device_at, occurred_at, recorded_at, text_hash, prev_hash, hash)
        values (p_community, v_seq, p_subject_kind[i], p_subject_id[i], p_what[i], p_visibility[i], p_detail[i]::json, p_actor_kind, p_actor_id,
            p_channel, p_device, p_device_at, p_occurred_at[i], p_now, v_text_hash, v_prev, v_hash);

        if p_text[i] is not null then
            insert into event_text (community_id, seq, salt, text) values (p_community, v_seq, p_salt[i], p_text[i]);
        end if;
    end loop;

    update event_head set seq = v_seq, hash = v_hash where community_id = p_community;
    return v_seq;
end
$$;

-- ---------------------------------------------------------------- row-level security

do $$
declare
    t text;
begin
    foreach t in array array['community', 'community_staff', 'staff_role', 'place', 'asset', 'customer', 'contact_point', 'occupancy',
        'search_token', 'team', 'team_member', 'shift', 'leave', 'category', 'calendar', 'calendar_version', 'sla_profile_version',
        'request', 'promise', 'fault', 'fault_request', 'work_order', 'request_work_order', 'hold', 'material', 'quote', 'quote_line',
        'feedback', 'call_attempt', 'follow_up', 'clock', 'clock_pause', 'attachment', 'attachment_content', 'message', 'event_head', 'event', 'event_text']
    loop
        execute format('alter table %I enable row level security', t);
        -- Rows are found by the statement's own condition on community_id. "is true" keeps the policy a filter: as an index condition, an
        -- array of fifty communities would be made ready anew at each descent.
        execute format('create policy scope on %I to desk_app using ((community_id = any ((select scope_communities())::uuid[])) is true) with check (community_id = any ((select scope_communities())::uuid[]))', t);
        execute format('grant select, insert, update on %I to desk_app', t);
    end loop;
end
$$;

grant delete on search_token, idempotency_key, contact_point, staff_role, attachment_content to desk_app;
revoke update on event, event_text, call_attempt, quote_line, material from desk_app;
revoke update on event_head from desk_app;
grant update (seq, hash) on event_head to desk_app;
grant usage on sequence spoken_number to desk_app;

alter table idempotency_key enable row level security;
create policy scope on idempotency_key to desk_app using (actor_id = (select scope_actor())) with check (actor_id = (select scope_actor()));
grant select, insert, update on idempotency_key to desk_app;

-- A colleague is seen where one works oneself; everybody sees themselves.
alter table staff enable row level security;
create policy scope on staff to desk_app using (
    staff_id = (select scope_actor())
    or exists (select from community_staff c where c.staff_id = staff.staff_id and c.community_id = any ((select scope_communities())::uuid[])));
grant select on staff to desk_app;

alter table district enable row level security;
create policy scope on district to desk_app using (
    exists (select from community c where c.district_id = district.district_id and c.community_id = any ((select scope_communities())::uuid[])));
grant select on district to desk_app;

-- No rights for desk_app on staff_credential and session: only these narrow functions, owned by the migrating user, reach them.
alter table staff_credential enable row level security;
alter table session enable row level security;

create function staff_for_sign_in(p_name text) returns table (staff_id uuid, password_hash text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select s.staff_id, c.password_hash
    from staff s
    join staff_credential c on c.staff_id = s.staff_id
    where s.sign_in_name = p_name and s.disabled_at is null
$$;

create function register_staff(p_staff uuid, p_name text, p_display text, p_language text, p_phone text, p_hash text, p_demo boolean, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
    insert into staff (staff_id, sign_in_name, display_name, language, phone, is_demo, created_at)
    values (p_staff, p_name, p_display, p_language, p_phone, p_demo, p_now);
    insert into staff_credential (staff_id, password_hash, changed_at) values (p_staff, p_hash, p_now)
$$;

create function start_session(p_session uuid, p_staff uuid, p_hash bytea, p_now timestamptz, p_expires timestamptz, p_address text, p_agent text) returns void
language sql security definer set search_path = pg_catalog, public as $$
    insert into session (session_id, staff_id, token_hash, created_at, expires_at, address, user_agent)
    values (p_session, p_staff, p_hash, p_now, p_expires, p_address, p_agent)
$$;

create function end_session(p_hash bytea, p_now timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
    update session set ended_at = p_now where token_hash = p_hash and ended_at is null
$$;

-- Who holds this session, and what they are where: roles is 'community:role' pairs, teams is 'community:team:crew:lead' of today.
create function session_holder(p_hash bytea, p_now timestamptz)
    returns table (session_id uuid, staff_id uuid, sign_in_name text, display_name text, language text, roles text[], teams text[])
language sql stable security definer set search_path = pg_catalog, public as $$
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
              order by 1)
    from session e
    join staff s on s.staff_id = e.staff_id and s.disabled_at is null
    where e.token_hash = p_hash and e.ended_at is null and e.expires_at > p_now
$$;

-- For tools that are told a community by its code.
create function community_by_code(p_code text) returns table (community_id uuid, time_zone text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select c.community_id, c.time_zone
    from community c
    where c.code = p_code
$$;

-- Workers learn what is due across communities from functions like this one: ids only, then work in one community's scope.
create function holds_to_wake(p_now timestamptz, p_at_most integer) returns table (community_id uuid, work_order_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select h.community_id, h.work_order_id
    from hold h
    where h.until_at is null and h.wake_at <= p_now
    order by h.wake_at
    limit p_at_most
$$;

create function forget_old_keys(p_before timestamptz, p_at_most integer) returns integer
language sql security definer set search_path = pg_catalog, public as $$
    with old as (
        select actor_id, key from idempotency_key where created_at < p_before order by created_at limit p_at_most for update skip locked
    ), gone as (
        delete from idempotency_key k using old where k.actor_id = old.actor_id and k.key = old.key returning 1
    )
    select count(*)::integer from gone
$$;

revoke execute on all functions in schema public from public;
grant execute on function scope_communities, scope_actor, event_hash, append_events, staff_for_sign_in, register_staff, start_session, end_session, session_holder,
    community_by_code, holds_to_wake, forget_old_keys to desk_app;
grant usage on schema public to desk_app;
