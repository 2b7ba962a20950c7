-- Lists cost what is open and what a page holds, however long the history is. Registering a request writes as many indexes as before.

-- What is open, in the order in which it is listed: with the status before the time, a list of all that is open was sorted, or read out of the whole history.
drop index request_open;
create index request_open on request (community_id, reported_at desc, request_id desc) where status in ('received', 'inProgress', 'awaitingFeedback');

-- What a home ever reported. The building's open ones, which are some of the few above, do without an index of their own.
drop index request_open_by_building;
create index request_by_place on request (community_id, place_id, reported_at desc, request_id desc) where place_id is not null;

-- Not written by registering either: the faults of a lift, and what waits for somebody to approve it.
create index fault_by_asset on fault (community_id, asset_id, opened_at desc, fault_id desc) where asset_id is not null;
create index voice_proposed on voice (community_id, proposed_at desc, voice_id desc) where state = 'proposed';

-- Which requests an order serves and served, asked whenever a crew opens it: without those that left, request_work_order_now did. Written by dispatching.
create index request_work_order_by_order on request_work_order (community_id, work_order_id);

-- A team is of one crew: asked for both, the planner would take them for a rare coincidence.
create statistics work_order_of_crew_and_team (dependencies) on crew, team_id from work_order;
