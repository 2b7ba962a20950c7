-- Whoever answers for all communities that there are may add one outside a district. It tells yes or no, and names none.
create function are_all_communities(p_communities uuid[]) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select not exists (select from community c where c.community_id <> all (p_communities))
$$;

revoke execute on function are_all_communities from public;
grant execute on function are_all_communities to desk_app;
