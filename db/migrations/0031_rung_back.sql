-- Call-backs after a bad answer are rung as rounds are: each call is a row, one person calls at a time, a call is put off or handed over.

alter table follow_up
    add column call_after timestamptz,
    add column taken_by uuid,
    add column taken_until timestamptz,
    add column handed_to uuid,
    add column version integer not null default 1,
    add constraint follow_up_taken_by_a_colleague foreign key (community_id, taken_by) references community_staff (community_id, staff_id),
    add constraint follow_up_handed_to_a_colleague foreign key (community_id, handed_to) references community_staff (community_id, staff_id),
    add constraint follow_up_taken_for_a_time check ((taken_by is null) = (taken_until is null)),
    drop constraint follow_up_ended_how_check,
    add constraint follow_up_ended_how_check check (ended_how in ('explained', 'rework', 'calledBack', 'unreachable', 'noted'));

create index follow_up_taken_by on follow_up (community_id, taken_by) where taken_by is not null;
create index follow_up_handed_to on follow_up (community_id, handed_to) where handed_to is not null;

-- Of a round where it is null.
alter table call_attempt
    add column follow_up_id uuid,
    add constraint call_attempt_of_a_follow_up foreign key (community_id, follow_up_id) references follow_up (community_id, follow_up_id);

create index call_attempt_by_follow_up on call_attempt (community_id, follow_up_id, tried_at) where follow_up_id is not null;
