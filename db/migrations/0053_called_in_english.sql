-- What the holidays, make-up days and other exceptions of a calendar's version are called in English, by day, beside their names; a day
-- that is not there has no English name, or the one that the published holidays have.
alter table calendar_version
    add column names_en jsonb,
    add constraint calendar_version_names_en check (jsonb_typeof(names_en) = 'object' and not jsonb_path_exists(names_en, '$.* ? (@.type() != "string" || !(@ like_regex "^.{1,60}$" flag "s"))'));
