-- Staff are told on their screens where nothing else is set up, and see there what they were told.

create index message_to_staff on message (community_id, recipient_id, created_at desc, message_id desc) where recipient_kind = 'staff';
create index message_to_role on message (community_id, recipient_role, created_at desc, message_id desc) where recipient_kind = 'role';
create index message_to_staff_waiting on message (send_after) where sent_at is null and parked_at is null and recipient_kind in ('staff', 'role');

-- For a host without any receiver: what owners are to be sent waits until there is one.
create function staff_messages_to_send(p_now timestamptz, p_at_most integer) returns table (community_id uuid, message_id uuid)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select m.community_id, m.message_id
    from message m
    where m.send_after <= p_now and m.sent_at is null and m.parked_at is null and m.recipient_kind in ('staff', 'role')
    order by m.send_after
    limit p_at_most
$$;

revoke execute on function staff_messages_to_send from public;
grant execute on function staff_messages_to_send to desk_app;
