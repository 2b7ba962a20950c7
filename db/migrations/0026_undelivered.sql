-- Whom a message told of what: asked when one cannot be delivered.
create index escalation_recipient_by_message on escalation_recipient (community_id, message_id);
