-- Whoever clears away old attempts while signing in waits for nobody.

-- As 0040 has it, but for where old attempts are cleared away: before its own were locked, it held theirs and could wait for somebody who
-- waited for one of them, so that one of two sign-ins was ended by the server.
create or replace function begin_sign_in(p_name text, p_address text, p_keys bytea[], p_free integer[], p_most integer[], p_factor boolean, p_now timestamptz)
    returns table (wait_until timestamptz, staff_id uuid, password_hash text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
    -- How long a place is kept after whoever has it may ask again, and how soon that is where another is first.
    v_grace constant interval := interval '1 minute';
    v_soon constant interval := interval '5 seconds';
    v_known boolean;
    v_at timestamptz;
    v_wait timestamptz;
    v_name_wait timestamptz;
    v_since timestamptz;
    v_tries boolean;
    v_slow boolean;
begin
    v_known := known_at(p_name, p_address, p_factor, p_now);

    for i in 1 .. cardinality(p_keys) loop
        insert into sign_in_attempt as a (key_hash, failures, last_at) values (p_keys[i], 0, p_now)
        on conflict (key_hash) do update set last_at = a.last_at
        returning a.wait_until, case when a.place_until > p_now then a.waits_since end, a.failures < p_free[i] or a.last_at < p_now - interval '1 hour' into v_at, v_since, v_tries;
        if i = 2 then
            v_slow := not v_tries; -- the name as a whole has none left
        end if;

        if v_at > p_now and not (i in (1, 2) and v_known) then
            if i = 2 then
                v_name_wait := v_at;
            else
                v_wait := greatest(v_wait, v_at);
            end if;
        end if;
    end loop;

    -- Every row that this waits for is held by now; its own are still in use.
    delete from sign_in_attempt
    where key_hash in (select a.key_hash from sign_in_attempt a where a.last_at < p_now - interval '1 day' and a.key_hash <> all (p_keys) order by a.last_at limit 10 for update skip locked);

    -- The row of the name is locked: what follows happens once at a time for each name.
    if v_wait is null and not v_known then
        if v_name_wait is null and v_slow and exists (
            select from sign_in_attempt w
            where w.name_key = p_keys[2] and w.waits_since is not null and w.place_until > p_now and w.key_hash <> p_keys[3]
                and (v_since is null or (w.waits_since, w.key_hash) < (v_since, p_keys[3])))
        then
            v_name_wait := p_now + v_soon;
        end if;

        if v_name_wait is not null and v_tries then
            update sign_in_attempt w
            set name_key = p_keys[2], waits_since = coalesce(v_since, p_now), place_until = v_name_wait + v_grace
            where w.key_hash = p_keys[3];
        end if;
    end if;

    v_wait := greatest(v_wait, v_name_wait);
    if v_wait is not null then
        return query select v_wait, null::uuid, null::text;
        return;
    end if;

    update sign_in_attempt a
    set failures = n.failures, last_at = p_now, waits_since = null, place_until = null,
        wait_until = case when n.failures >= n.free then p_now + make_interval(secs => least(power(2, least(n.failures - n.free, 20)), n.most)) end
    from (
        select b.key_hash, k.free, k.most, case when b.last_at < p_now - interval '1 hour' then 1 else b.failures + 1 end as failures
        from unnest(p_keys, p_free, p_most) k (key_hash, free, most)
        join sign_in_attempt b on b.key_hash = k.key_hash) n
    where a.key_hash = n.key_hash;

    return query
        select null::timestamptz, s.staff_id, c.password_hash
        from (select p_name as name) typed
        left join staff s on s.sign_in_name = typed.name and s.disabled_at is null
        left join staff_credential c on c.staff_id = s.staff_id and (c.good_until is null or c.good_until > p_now);
end
$$;
