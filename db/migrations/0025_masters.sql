-- What an administrator edits has a version, so that nobody undoes what somebody else did meanwhile.
alter table place add column version integer not null default 1;
alter table category add column version integer not null default 1;
alter table team add column version integer not null default 1;
alter table community add column version integer not null default 1;
