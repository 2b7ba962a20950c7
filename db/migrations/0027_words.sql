-- The owner's word again: when somebody who picked up asked to be called is kept with the call, and which escalations a message tells
-- of is found by the message.

alter table call_attempt
    add column call_again_at timestamptz,
    add constraint call_attempt_again_after_call_later check (call_again_at is null or result = 'callLater');

create index escalation_recipient_by_message on escalation_recipient (community_id, message_id);
