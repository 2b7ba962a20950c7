-- Whoever had a hand in an order stays known when it goes to somebody else: they do not ask the owner how it went.

alter table work_order add column worked_by uuid[] not null default '{}';
comment on column work_order.worked_by is 'Everybody who accepted it, arrived, worked on it or completed it, also where it was handed over afterwards.';

create function work_order_worked_by() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    new.worked_by := new.worked_by || new.assignee_id;
    return new;
end
$$;

-- Whoever accepted it has it, by whatever command or import; the application adds colleagues of the team who act on it.
create trigger work_order_worked_by before insert or update of assignee_id, accepted_at, status on work_order
    for each row when (new.assignee_id is not null and (new.accepted_at is not null or new.status = 'done') and new.assignee_id <> all (new.worked_by)) execute function work_order_worked_by();

-- What can still be asked about: the requests that are not closed, and the bad answers that are not followed up yet.
with asked_about as (
    select l.community_id, l.work_order_id
    from request_work_order l
    join request r on r.community_id = l.community_id and r.request_id = l.request_id and r.status not in ('closed', 'cancelled')
    union
    select l.community_id, l.work_order_id
    from request_work_order l
    join follow_up u on u.community_id = l.community_id and u.request_id = l.request_id and u.ended_at is null
), hands as (
    select o.community_id, o.work_order_id, o.assignee_id as staff_id
    from asked_about a
    join work_order o on o.community_id = a.community_id and o.work_order_id = a.work_order_id
    where o.assignee_id is not null and (o.accepted_at is not null or o.status = 'done')
    union
    select a.community_id, a.work_order_id, e.actor_id
    from asked_about a
    join event e on e.community_id = a.community_id and e.subject_id = a.work_order_id
    where e.what in ('workAccepted', 'workClaimed', 'workArrived', 'workMadeSafe', 'workControlled', 'workHeld', 'workResumed', 'workCompleted') and e.actor_kind = 'staff'
      and exists (select from team_member t where t.community_id = e.community_id and t.staff_id = e.actor_id)
)
update work_order o
set worked_by = h.staff_ids
from (select community_id, work_order_id, array_agg(staff_id) as staff_ids from hands group by community_id, work_order_id) h
where o.community_id = h.community_id and o.work_order_id = h.work_order_id;
