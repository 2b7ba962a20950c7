-- The owner's word: which plan a round follows, how it is chased and called, who rings, what it was before a late answer; and that no
-- score is ever written by the system.

alter table feedback
    add column plan_version_id uuid,
    add column plan_policy text check (length(plan_policy) between 1 and 60),
    add column as_rework boolean not null default false,
    add column in_sample boolean not null default false,
    add column by_somebody_else boolean not null default false,
    add column reminders smallint not null default 0 check (reminders >= 0),
    add column last_reminded_at timestamptz,
    add column listed_at timestamptz,
    add column listed_why text check (listed_why in ('policy', 'notDelivered', 'calledAlready')),
    add column call_after timestamptz,
    add column taken_by uuid,
    add column taken_until timestamptz,
    add column handed_to uuid,
    add column earlier_outcome text check (earlier_outcome in ('refused', 'unreachable', 'noResponse', 'notAsked')),
    add column earlier_ended_at timestamptz,
    add constraint feedback_plan_is_a_version foreign key (community_id, plan_version_id) references sla_profile_version (community_id, policy_version_id),
    add constraint feedback_taken_by_a_colleague foreign key (community_id, taken_by) references community_staff (community_id, staff_id),
    add constraint feedback_handed_to_a_colleague foreign key (community_id, handed_to) references community_staff (community_id, staff_id),
    add constraint feedback_taken_for_a_time check ((taken_by is null) = (taken_until is null)),
    add constraint feedback_earlier_outcome_has_a_time check ((earlier_outcome is null) = (earlier_ended_at is null)),
    add constraint feedback_only_answers_are_late check (earlier_outcome is null or state = 'answered');

-- Rounds that were open before there was a chaser are looked at once it runs.
update feedback set next_check_at = started_at where ended_at is null and next_check_at is null;

create index feedback_to_chase on feedback (next_check_at) where next_check_at is not null and ended_at is null;
create index feedback_by_start on feedback (community_id, started_at desc, feedback_id desc);

-- Who spoke, where somebody did; forgotten with the number.
alter table call_attempt add column spoke_with text check (length(spoke_with) between 1 and 100);

create function call_attempt_forgets() returns trigger
language plpgsql as $$
begin
    new.spoke_with := null;
    return new;
end
$$;
create trigger call_attempt_forgets before update on call_attempt
    for each row when (new.number_dialled = '–') execute function call_attempt_forgets();

-- An ask or a reminder that could not be delivered: its round is looked at at once.
create function undelivered_ask_is_looked_at() returns trigger
language plpgsql as $$
begin
    update feedback f
    set next_check_at = new.parked_at
    where f.community_id = new.community_id and f.request_id = new.request_id and f.ended_at is null and f.state in ('asked', 'reminded')
      and (f.next_check_at is null or f.next_check_at > new.parked_at);
    return null;
end
$$;
create trigger undelivered_ask_is_looked_at after update of parked_at on message
    for each row when (new.parked_at is not null and old.parked_at is null and new.request_id is not null and new.template in ('feedbackAsk', 'feedbackReminder'))
    execute function undelivered_ask_is_looked_at();

-- Whoever writes a score is a person: the system's own scope cannot, whatever author it names.
create function score_is_a_persons() returns trigger
language plpgsql as $$
begin
    if current_setting('desk.actor', true) = '00000000-0000-0000-0000-000000000000' then
        raise exception 'a score has a human author' using errcode = 'check_violation', constraint = 'feedback_score_is_a_persons', table = 'feedback';
    end if;

    return new;
end
$$;
create trigger score_is_a_persons_at_first before insert on feedback
    for each row when (num_nonnulls(new.solved, new.satisfaction, new.recommend, new.author_kind) > 0) execute function score_is_a_persons();
create trigger score_is_a_persons before update on feedback
    for each row when ((new.solved, new.satisfaction, new.recommend, new.author_kind, new.author_id) is distinct from (old.solved, old.satisfaction, old.recommend, old.author_kind, old.author_id))
    execute function score_is_a_persons();

-- A call that was not made is a breach of its own kind.
alter table escalation drop constraint escalation_cause_check;
alter table escalation add constraint escalation_cause_check check (cause in ('warning', 'breach', 'stillLate', 'nobodyBelow', 'promiseBroken', 'callNotMade'));

create function rounds_to_chase(p_now timestamptz, p_at_most integer) returns table (community_id uuid, feedback_id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select f.community_id, f.feedback_id
    from feedback f
    where f.next_check_at <= p_now and f.ended_at is null
    order by f.next_check_at
    limit p_at_most
$$;

create or replace function oldest_due(p_now timestamptz) returns table (job_id text, due_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    select 'wake-held-work', (select h.wake_at from hold h where h.until_at is null and h.wake_at <= p_now order by h.wake_at limit 1)
    union all
    select 'escalate-overdue', (select k.next_check_at from clock k where k.next_check_at <= p_now order by k.next_check_at limit 1)
    union all
    select 'deliver-messages', (select m.send_after from message m where m.send_after <= p_now and m.sent_at is null and m.parked_at is null order by m.send_after limit 1)
    union all
    select 'chase-feedback', (select f.next_check_at from feedback f where f.next_check_at <= p_now and f.ended_at is null order by f.next_check_at limit 1)
$$;

revoke execute on function rounds_to_chase, call_attempt_forgets, undelivered_ask_is_looked_at, score_is_a_persons from public;
grant execute on function rounds_to_chase to desk_app;

call hide_what_tells_of_requests();
