-- What the desk asks is answered in milliseconds; PostgreSQL, which by itself compiles what it takes for expensive, spends a second on that (docs/decisions/0073).
create or replace procedure enter_scope(p_communities text, p_actor text)
language plpgsql as $$
begin
    perform set_config('role', 'desk_app', true),
            set_config('jit', 'off', true),
            set_config('desk.communities', p_communities, true),
            set_config('desk.actor', p_actor, true),
            set_config('desk.hidden', '', true);
end
$$;

create or replace procedure enter_reading(p_communities text, p_actor text)
language plpgsql as $$
begin
    perform set_config('role', 'desk_app', true),
            set_config('jit', 'off', true),
            set_config('desk.communities', p_communities, true),
            set_config('desk.actor', p_actor, true);
    perform set_config('desk.hidden', array_to_string(hidden_requests(scope_actor(), scope_communities()), ','), true);
end
$$;
