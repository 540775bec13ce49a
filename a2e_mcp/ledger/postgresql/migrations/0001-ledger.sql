-- The starts of all accounts and users, and what sums, lists and look-ups need of them.

CREATE TABLE starts (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" PRIMARY KEY,
    account text NOT NULL,
    mode text NOT NULL,
    user_id text NOT NULL,
    family text NOT NULL,
    title text NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    phase text NOT NULL CHECK (phase IN ('intended', 'sent', 'started', 'refused', 'unknown')),
    created double precision NOT NULL,
    sent double precision,
    consent text,
    expected double precision,
    charged double precision,
    units double precision,
    handles text[] NOT NULL DEFAULT '{}',
    steps jsonb NOT NULL DEFAULT '{}',
    results text[] NOT NULL DEFAULT '{}',
    state text,
    note text,
    raw text,
    beat double precision NOT NULL,
    -- Whether a worker has it in hand, or will have.
    deferred boolean NOT NULL DEFAULT false,
    -- What is being done for it, and which share of all is done.
    about text,
    share double precision,
    -- Changed with every change of the entry, so that two who read the same entry do not both write it.
    version text NOT NULL,
    -- What the start is made from.
    start text,
    -- What follows from the rest, written by the program.
    cost numeric NOT NULL,
    listed boolean NOT NULL,
    jobs integer NOT NULL,
    at_rest text NOT NULL,
    under_way text
);
CREATE INDEX starts_by_time ON starts (account, mode, created DESC, seq DESC);
CREATE INDEX starts_listed ON starts (account, mode, created DESC, id DESC) WHERE listed;
-- A part of it, for an index takes no long texts.
CREATE INDEX starts_by_fingerprint ON starts (account, mode, left(fingerprint, 200), seq DESC);
CREATE INDEX starts_by_family ON starts (account, mode, family, created DESC);
CREATE INDEX starts_by_user ON starts (user_id, mode, created) WHERE user_id <> '';
CREATE INDEX starts_unfinished ON starts (account, mode, created) WHERE phase IN ('intended', 'sent');
CREATE INDEX starts_deferred ON starts (beat) WHERE deferred;
CREATE INDEX starts_lost ON starts (account, mode, family, created)
    WHERE phase IN ('sent', 'unknown') AND handles = '{}';

CREATE TABLE start_keys (
    account text NOT NULL,
    mode text NOT NULL,
    key text NOT NULL,
    created double precision NOT NULL,
    seq bigint NOT NULL,
    id text COLLATE "C" NOT NULL REFERENCES starts ON DELETE CASCADE,
    PRIMARY KEY (account, mode, key, created, seq)
);
CREATE INDEX start_keys_by_id ON start_keys (id);

-- Credits by the hour in which a start was made; kept in the transaction that changes what the start costs.
CREATE TABLE spending (
    account text NOT NULL,
    mode text NOT NULL,
    user_id text NOT NULL,
    hour bigint NOT NULL,
    credits numeric NOT NULL,
    PRIMARY KEY (account, mode, hour, user_id)
);
CREATE INDEX spending_by_user ON spending (user_id, mode, hour) WHERE user_id <> '';

CREATE FUNCTION a2e_keep_spending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more numeric := NEW.cost;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        more := NEW.cost - OLD.cost;
    END IF;
    INSERT INTO spending AS kept (account, mode, user_id, hour, credits)
    VALUES (NEW.account, NEW.mode, NEW.user_id, floor(NEW.created / 3600), more)
    ON CONFLICT (account, mode, hour, user_id) DO UPDATE SET credits = kept.credits + EXCLUDED.credits;
    RETURN NULL;
END
$$;
CREATE TRIGGER starts_cost_at_first AFTER INSERT ON starts FOR EACH ROW
    WHEN (NEW.cost <> 0) EXECUTE FUNCTION a2e_keep_spending();
CREATE TRIGGER starts_cost_changed AFTER UPDATE OF cost ON starts FOR EACH ROW
    WHEN (NEW.cost <> OLD.cost) EXECUTE FUNCTION a2e_keep_spending();

-- These are in plpgsql, which keeps their plans; in plain SQL they would be planned at every call.

-- Credits of what was made since then: whole hours from their sums, the first part of an hour from the starts, and what
-- is still expected of those under way, which had a heartbeat between `oldest` and `newest` or wait
-- for a worker.
CREATE FUNCTION a2e_spent(
    whose_account text, whose_mode text, whose_user text, since double precision, oldest double precision,
    newest double precision
) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT
            coalesce((
                SELECT sum(credits) FROM spending WHERE account = whose_account AND mode = whose_mode
                    AND hour > floor(since / 3600)::bigint AND (whose_user IS NULL OR user_id = whose_user)), 0)
            + coalesce((
                SELECT sum(cost) FROM starts WHERE account = whose_account AND mode = whose_mode
                    AND created >= since AND created < (floor(since / 3600) + 1) * 3600
                    AND (whose_user IS NULL OR user_id = whose_user)), 0)
            + coalesce((
                SELECT sum(greatest(0, coalesce(expected, 0)::numeric - cost)) FROM starts
                WHERE account = whose_account AND mode = whose_mode AND created >= since
                    AND phase IN ('intended', 'sent') AND (beat BETWEEN oldest AND newest OR deferred)
                    AND (whose_user IS NULL OR user_id = whose_user)), 0)
    );
END
$$;

-- The same of one user in all accounts.
CREATE FUNCTION a2e_spent_by_user(
    whose_user text, whose_mode text, since double precision, oldest double precision, newest double precision
) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT
            coalesce((
                SELECT sum(credits) FROM spending WHERE user_id = whose_user AND user_id <> '' AND mode = whose_mode
                    AND hour > floor(since / 3600)::bigint), 0)
            + coalesce((
                SELECT sum(cost) FROM starts WHERE user_id = whose_user AND user_id <> '' AND mode = whose_mode
                    AND created >= since AND created < (floor(since / 3600) + 1) * 3600), 0)
            + coalesce((
                SELECT sum(greatest(0, coalesce(expected, 0)::numeric - cost)) FROM starts
                WHERE user_id = whose_user AND user_id <> '' AND mode = whose_mode AND created >= since
                    AND phase IN ('intended', 'sent') AND (beat BETWEEN oldest AND newest OR deferred)), 0)
    );
END
$$;

-- The same start, made earlier by the same user, that counts: the last one that was written.
CREATE FUNCTION a2e_same_start(
    whose_account text, whose_mode text, whose_user text, print text, passed text[], again boolean
) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT id FROM (
            SELECT id, coalesce((steps ->> 'again')::boolean, false) AS was_again FROM starts
            WHERE account = whose_account AND mode = whose_mode AND user_id = whose_user
                AND left(fingerprint, 200) = left(print, 200) AND fingerprint = print
                AND phase <> 'refused' AND state IS DISTINCT FROM 'deleted'
                AND (state IS DISTINCT FROM 'failed' OR cardinality(handles) > 1)
                AND (again OR id <> ALL (passed))
            ORDER BY seq DESC LIMIT 1
        ) AS newest
        -- What was asked for again follows its newest one alone: the earlier ones were followed by another already.
        WHERE NOT again OR (was_again AND id <> ALL (passed))
    );
END
$$;

-- The workers of an account; they say every few seconds that they live.
CREATE TABLE workers (
    id text PRIMARY KEY,
    account text NOT NULL,
    mode text NOT NULL,
    seen timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION a2e_has_worker(whose_account text, whose_mode text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
            SELECT FROM workers WHERE account = whose_account AND mode = whose_mode
                AND seen > clock_timestamp() - interval '20 seconds')
    );
END
$$;

-- Leave a task to the workers of an account. One with the same name that waits already is enough, and of those with the
-- same name one runs at a time.
CREATE FUNCTION a2e_defer(whose_account text, whose_mode text, task text, name text, arguments jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        whose_account || '_' || whose_mode, task, 0, name, name, arguments, NULL)::procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    NULL;
END
$$;

-- A change of a start is announced to the servers that wait for it.
CREATE FUNCTION a2e_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('a2e_' || NEW.account || '_' || NEW.mode, NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER starts_changed AFTER UPDATE OF phase, state, results, deferred, about, share ON starts FOR EACH ROW
    WHEN ((OLD.phase, OLD.state, OLD.results, OLD.deferred, OLD.about, OLD.share)
        IS DISTINCT FROM (NEW.phase, NEW.state, NEW.results, NEW.deferred, NEW.about, NEW.share))
    EXECUTE FUNCTION a2e_notify();

-- Write an entry with its keys unless the same start exists or a limit would be passed; says which.
CREATE FUNCTION a2e_insert_start(new jsonb, keys text[], limits jsonb)
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
    made.deferred := coalesce(made.deferred, false) AND a2e_has_worker(made.account, made.mode);
    INSERT INTO starts (id, account, mode, user_id, family, title, fingerprint, phase, created, consent, expected,
        units, steps, beat, deferred, version, start, cost, listed, jobs, at_rest, under_way)
    VALUES (made.id, made.account, made.mode, made.user_id, made.family, made.title, made.fingerprint, made.phase,
        made.created, made.consent, made.expected, made.units, made.steps, made.beat, made.deferred, made.version,
        made.start, made.cost, made.listed, made.jobs, made.at_rest, made.under_way)
    RETURNING seq INTO made.seq;
    INSERT INTO start_keys (account, mode, key, created, seq, id)
    SELECT made.account, made.mode, each, made.created, made.seq, made.id FROM unnest(keys) AS each
    ON CONFLICT DO NOTHING;
    IF made.deferred THEN
        PERFORM a2e_defer(
            made.account, made.mode, 'a2e.carry_out', 'start ' || made.id, jsonb_build_object('entry_id', made.id));
        RETURN QUERY SELECT 'deferred', NULL, NULL::float8;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'inserted', NULL, NULL::float8;
END
$$;
