-- What is given to a team, a person or a place in the instant in which it is taken away: whoever gives shares the row that the other one
-- holds, so that of two the second sees what the first did. In which order: docs/decisions/0065. After the row is written: whose row it may
-- be is asked before.

-- ---------------------------------------------------------------- work

-- Somebody works here, then sits in the team, then the team is in use. What stays as it was is not looked at again: two who leave a
-- team at once hold it each after the other, and would wait for each other if both shared it before.
create function order_goes_to_who_is_there() returns trigger
language plpgsql as $$
declare
    other_team boolean := tg_op = 'INSERT' or new.team_id is distinct from old.team_id;
begin
    if new.assignee_id is not null then
        perform from community_staff where community_id = new.community_id and staff_id = new.assignee_id and left_at is null for share;
        if not found then
            raise exception 'the assignee does not work here' using errcode = 'check_violation', constraint = 'work_order_assignee_works_here';
        end if;
    end if;
    if new.assignee_id is not null and (other_team or new.assignee_id is distinct from old.assignee_id) then
        perform from team_member where community_id = new.community_id and team_id = new.team_id and staff_id = new.assignee_id and to_at is null for share;
        if not found then
            raise exception 'the assignee does not sit in the team' using errcode = 'check_violation', constraint = 'work_order_assignee_in_team';
        end if;
    end if;
    if new.team_id is not null and other_team then
        perform from team where community_id = new.community_id and team_id = new.team_id and retired_at is null for share;
        if not found then
            raise exception 'the team was retired' using errcode = 'check_violation', constraint = 'work_order_team_in_use';
        end if;
    end if;
    return null;
end
$$;
drop trigger work_order_assignee_works_here on work_order;
drop function assignee_works_here;
create trigger work_order_goes_to_who_is_there after insert or update of team_id, assignee_id on work_order
    for each row when ((new.team_id is not null or new.assignee_id is not null) and new.status not in ('done', 'voided')) execute function order_goes_to_who_is_there();

-- ---------------------------------------------------------------- seats

create function seat_is_in_a_team_in_use() returns trigger
language plpgsql as $$
begin
    perform from team where community_id = new.community_id and team_id = new.team_id and retired_at is null for share;
    if not found then
        raise exception 'the team was retired' using errcode = 'check_violation', constraint = 'team_member_team_in_use';
    end if;
    return null;
end
$$;
create trigger team_member_team_in_use after insert on team_member
    for each row when (new.to_at is null) execute function seat_is_in_a_team_in_use();

-- ---------------------------------------------------------------- places

create function place_is_in_use() returns trigger
language plpgsql as $$
begin
    perform from place where community_id = new.community_id and place_id = new.place_id and retired_at is null for share;
    if not found then
        raise exception 'the place was retired' using errcode = 'check_violation', constraint = 'place_in_use';
    end if;
    return null;
end
$$;
create trigger occupancy_place_in_use after insert on occupancy
    for each row when (new.to_on is null) execute function place_is_in_use();
create trigger asset_place_in_use after insert on asset
    for each row when (new.retired_at is null) execute function place_is_in_use();

-- ---------------------------------------------------------------- marks

-- What somebody went on with, or cancelled, is not to be confirmed any more.
update request
set to_confirm = false
where to_confirm and confirmed_at is null and status <> 'received';

revoke execute on function order_goes_to_who_is_there, seat_is_in_a_team_in_use, place_is_in_use from public;
