-- Hides confidential complaints in every table that names a request and does not hide them yet. A migration that makes such a table
-- calls it at its end.
create procedure hide_what_tells_of_requests()
language plpgsql as $$
declare
    t record;
begin
    for t in
        select c.relname, a.attname
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname in ('request_id', 'subject_id') and not a.attisdropped and a.atttypid = 'uuid'::regtype
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'hidden')
    loop
        execute format('create policy hidden on %I as restrictive for select to desk_app using (%I is null or %I <> all ((select scope_hidden())::uuid[]))', t.relname, t.attname, t.attname);
    end loop;
end
$$;

call hide_what_tells_of_requests();
