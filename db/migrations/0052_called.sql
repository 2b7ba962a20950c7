-- What the holidays, make-up days and other exceptions of a calendar's version are called, by day; null: nobody has said so yet. No time
-- depends on it, so it stands beside what clocks are reckoned with.
alter table calendar_version
    add column names jsonb,
    add constraint calendar_version_names check (jsonb_typeof(names) = 'object' and not jsonb_path_exists(names, '$.* ? (@.type() != "string" || !(@ like_regex "^.{1,60}$" flag "s"))'));
