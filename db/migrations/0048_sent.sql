-- How soon somebody is sent: a clock of the request, until one of its orders is given to a team or to a person.

-- What is stored was of fewer kinds: it needs no look, and nobody waits while so many rows are gone through.
alter table clock
    drop constraint clock_kind_check,
    add constraint clock_kind_check check (kind in ('dispatch', 'accept', 'arrive', 'safe', 'controlled', 'firstReply', 'writtenReply', 'arranged', 'finish', 'feedback')) not valid;
alter table declared_event
    drop constraint declared_event_kinds_check,
    add constraint declared_event_kinds_check check (kinds <@ array['dispatch', 'accept', 'arrive', 'safe', 'controlled', 'firstReply', 'writtenReply', 'arranged', 'finish', 'feedback']) not valid;
