-- Looks at A2E that all servers share: of those who want one at the same moment, one takes it.

CREATE TABLE looks (
    account text NOT NULL,
    mode text NOT NULL,
    key text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account, mode, key)
);

-- Those of these looks that were not taken in the last seconds, which are taken by this.
CREATE FUNCTION a2e_take_looks(whose_account text, whose_mode text, keys text[], seconds double precision)
RETURNS SETOF text LANGUAGE sql AS $$
    INSERT INTO looks AS taken (account, mode, key, at)
    SELECT whose_account, whose_mode, each, clock_timestamp() FROM unnest(keys) AS each ORDER BY each
    ON CONFLICT (account, mode, key) DO UPDATE SET at = EXCLUDED.at
        WHERE taken.at <= EXCLUDED.at - make_interval(secs => seconds)
    RETURNING key
$$;

-- The family as well, since those who wait for several of its jobs look at all of them.
CREATE OR REPLACE FUNCTION a2e_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('a2e_' || NEW.account || '_' || NEW.mode, NEW.id || ' ' || NEW.family);
    RETURN NULL;
END
$$;

-- When the next request of an account may leave, over all servers: none before A2E wants more, and so many a second.
CREATE TABLE request_turns (
    account text NOT NULL,
    mode text NOT NULL,
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    -- The moment by which all requests so far would have left one after another.
    paced_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, mode)
);

-- Takes a turn and gives 0, or the seconds after which one may be taken.
CREATE FUNCTION a2e_take_turn(whose_account text, whose_mode text, per_second double precision, at_once integer)
RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz;
    turns request_turns;
    early interval := make_interval(secs => at_once / per_second);
BEGIN
    INSERT INTO request_turns (account, mode) VALUES (whose_account, whose_mode) ON CONFLICT DO NOTHING;
    SELECT * INTO turns FROM request_turns WHERE account = whose_account AND mode = whose_mode FOR UPDATE;
    now := clock_timestamp();
    IF turns.not_before > now THEN
        RETURN extract(epoch FROM turns.not_before - now);
    END IF;
    IF turns.paced_until > now + early THEN
        RETURN extract(epoch FROM turns.paced_until - now - early);
    END IF;
    UPDATE request_turns SET paced_until = greatest(turns.paced_until, now) + make_interval(secs => 1 / per_second)
    WHERE account = whose_account AND mode = whose_mode;
    RETURN 0;
END
$$;
