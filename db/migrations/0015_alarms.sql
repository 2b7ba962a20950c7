-- An alarm that was ended may be raised again: once at a time, not once for ever.
alter table alarm drop constraint alarm_once;
create unique index alarm_once_at_a_time on alarm (community_id, clock_id, kind) where ended_at is null;
