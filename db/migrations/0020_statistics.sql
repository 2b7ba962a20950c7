-- What an import brought is planned by its numbers at once, not when the server comes round to it.
create function refresh_statistics() returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    analyze category, team, request, search_token, work_order, request_work_order, feedback, clock, event;
end
$$;

revoke execute on function refresh_statistics from public;
grant execute on function refresh_statistics to desk_app;
