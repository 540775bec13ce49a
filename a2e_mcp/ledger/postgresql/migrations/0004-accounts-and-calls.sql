-- Users who bring a key of A2E, for an account of their own.

CREATE TABLE own_keys (
    account text NOT NULL,
    mode text NOT NULL,
    user_id text NOT NULL,
    -- Sealed by the program with a secret that is not in the database.
    sealed text NOT NULL,
    brought double precision NOT NULL,
    used double precision NOT NULL,
    PRIMARY KEY (account, mode, user_id)
);
CREATE INDEX own_keys_by_user ON own_keys (user_id, mode);

-- The account of the servers, where a start is paid by another one: its workers carry it out. Null where it is the same.
ALTER TABLE starts ADD COLUMN home text;

-- In the channel of the servers; what belongs to another account has its id before it.
CREATE OR REPLACE FUNCTION a2e_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_account text := CASE WHEN NEW.home IS NULL THEN '' ELSE NEW.account || '/' END;
BEGIN
    PERFORM pg_notify(
        'a2e_' || coalesce(NEW.home, NEW.account) || '_' || NEW.mode,
        of_account || NEW.id || ' ' || of_account || NEW.family);
    RETURN NULL;
END
$$;

-- Write an entry with its keys unless the same start exists or a limit would be passed; says which.
CREATE OR REPLACE FUNCTION a2e_insert_start(new jsonb, keys text[], limits jsonb)
RETURNS TABLE (outcome text, other text, amount double precision) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    made starts := jsonb_populate_record(NULL::starts, new);
    since double precision := limits -> 'since';
    oldest double precision := limits -> 'oldest';
    newest double precision := limits -> 'newest';
    least numeric := coalesce((limits ->> 'least')::numeric, 0);
    passed text[] := ARRAY(SELECT jsonb_array_elements_text(limits -> 'passed'));
    found_id text;
    found_amount numeric;
    was_deferred boolean;
    is_same boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('a2e account ' || made.account || ' ' || made.mode, 0));
    IF limits ? 'user_per_day' OR limits ? 'user_jobs' THEN
        -- Always after the account, so that no two wait for each other.
        PERFORM pg_advisory_xact_lock(hashtextextended('a2e user ' || made.user_id || ' ' || made.mode, 0));
    END IF;
    SELECT deferred OR phase <> 'intended', fingerprint = made.fingerprint AND created = made.created INTO was_deferred, is_same
    FROM starts WHERE id = made.id;
    IF FOUND THEN
        -- The answer to the same question may have been lost on its way.
        RETURN QUERY SELECT
            CASE WHEN NOT is_same THEN 'taken' WHEN was_deferred THEN 'deferred' ELSE 'inserted' END,
            NULL, NULL::float8;
        RETURN;
    END IF;
    IF limits ? 'passed' THEN
        found_id := a2e_same_start(
            made.account, made.mode, made.user_id, made.fingerprint, passed, (limits ->> 'again')::boolean);
        IF found_id IS NOT NULL THEN
            RETURN QUERY SELECT 'same', found_id, NULL::float8;
            RETURN;
        END IF;
    END IF;
    IF limits ? 'per_day' THEN
        found_amount := a2e_spent(made.account, made.mode, NULL, since, oldest, newest);
        IF found_amount + least > (limits ->> 'per_day')::numeric THEN
            RETURN QUERY SELECT 'over', NULL, found_amount::float8;
            RETURN;
        END IF;
    END IF;
    IF limits ? 'user_per_day' THEN
        found_amount := a2e_spent_by_user(made.user_id, made.mode, since, oldest, newest);
        IF found_amount + least > (limits ->> 'user_per_day')::numeric THEN
            RETURN QUERY SELECT 'user over', NULL, found_amount::float8;
            RETURN;
        END IF;
    END IF;
    IF limits ? 'user_jobs' THEN
        SELECT coalesce(sum(jobs), 0) INTO found_amount FROM starts
        WHERE user_id = made.user_id AND user_id <> '' AND mode = made.mode AND created >= since
            AND NOT family = ANY (ARRAY(SELECT jsonb_array_elements_text(limits -> 'free')))
            AND (at_rest IN ('queued', 'running')
                OR (phase IN ('intended', 'sent') AND (beat BETWEEN oldest AND newest OR deferred)));
        IF found_amount + (limits ->> 'jobs')::numeric > (limits ->> 'user_jobs')::numeric THEN
            RETURN QUERY SELECT 'too many', NULL, found_amount::float8;
            RETURN;
        END IF;
    END IF;
    IF limits ? 'only_unpriced' THEN
        SELECT id INTO found_id FROM starts
        WHERE account = made.account AND mode = made.mode AND phase IN ('intended', 'sent')
            AND (beat BETWEEN oldest AND newest OR deferred)
            AND EXISTS (SELECT FROM jsonb_each(steps -> 'priced') AS step WHERE step.value = 'null') LIMIT 1;
        IF FOUND THEN
            RETURN QUERY SELECT 'unpriced', found_id, NULL::float8;
            RETURN;
        END IF;
    END IF;
    made.deferred := coalesce(made.deferred, false) AND a2e_has_worker(coalesce(made.home, made.account), made.mode);
    INSERT INTO starts (id, account, mode, user_id, family, title, fingerprint, phase, created, consent, expected,
        units, steps, beat, deferred, version, start, cost, listed, jobs, at_rest, under_way, home)
    VALUES (made.id, made.account, made.mode, made.user_id, made.family, made.title, made.fingerprint, made.phase,
        made.created, made.consent, made.expected, made.units, made.steps, made.beat, made.deferred, made.version,
        made.start, made.cost, made.listed, made.jobs, made.at_rest, made.under_way, made.home)
    RETURNING seq INTO made.seq;
    INSERT INTO start_keys (account, mode, key, created, seq, id)
    SELECT made.account, made.mode, each, made.created, made.seq, made.id FROM unnest(keys) AS each
    ON CONFLICT DO NOTHING;
    IF made.deferred THEN
        PERFORM a2e_defer(
            coalesce(made.home, made.account), made.mode, 'a2e.carry_out', 'start ' || made.id, jsonb_build_object('entry_id', made.id));
        RETURN QUERY SELECT 'deferred', NULL, NULL::float8;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'inserted', NULL, NULL::float8;
END
$$;

-- How many calls each user may still make, over all servers. It need not outlive a crash: then all may begin anew.

CREATE UNLOGGED TABLE user_calls (
    user_id text PRIMARY KEY,
    free double precision NOT NULL,
    at timestamptz NOT NULL
);

-- Takes as many of the wanted calls as are free, so many of which become free in a minute; without any it says after how
-- many seconds there is one.
CREATE FUNCTION a2e_take_calls(whose_user text, per_minute double precision, wanted integer)
RETURNS TABLE (taken integer, seconds double precision) LANGUAGE plpgsql AS $$
DECLARE
    known user_calls;
    now timestamptz;
    available double precision;
    given integer;
BEGIN
    INSERT INTO user_calls VALUES (whose_user, per_minute, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT * INTO known FROM user_calls WHERE user_id = whose_user FOR UPDATE;
    now := clock_timestamp();
    available := least(
        per_minute, known.free + greatest(0, extract(epoch FROM now - known.at)) * per_minute / 60);
    given := least(floor(available), wanted);
    UPDATE user_calls SET free = available - given, at = now WHERE user_id = whose_user;
    RETURN QUERY SELECT given, CASE WHEN given > 0 THEN 0 ELSE (1 - available) * 60 / per_minute END;
END
$$;
