"""The SQL of a PostgreSQL ledger; every statement is answered from an index."""

from __future__ import annotations

from string import Template

from a2e_mcp.ledger.postgresql.rows import COLUMNS

_PARTS = {
    "columns": COLUMNS,
    "ours": "starts.account = %(account)s AND starts.mode = %(mode)s",
    "of_home": "coalesce(starts.home, starts.account) = %(account)s AND starts.mode = %(mode)s",
    "of_user": "(%(user)s::text IS NULL OR starts.user_id = %(user)s)",
    "alive": "(beat BETWEEN %(oldest)s AND %(newest)s OR deferred)",
    "paid": "family <> ALL (%(free)s)",
    "newest_first": "ORDER BY starts.created DESC, starts.seq DESC",
}


def _sql(text: str) -> str:
    """A statement of constant parts."""
    return Template(text).substitute(_PARTS)


INSERT = "SELECT outcome, other, amount FROM a2e_insert_start(%(new)s::jsonb, %(keys)s, %(limits)s::jsonb)"
WRITE = """
WITH written AS (
    UPDATE starts SET family = %(family)s, title = %(title)s, phase = %(phase)s, sent = %(sent)s,
        expected = %(expected)s, charged = %(charged)s, handles = %(handles)s, steps = %(steps)s::jsonb,
        results = %(results)s, state = %(state)s, note = %(note)s, raw = %(raw)s,
        beat = coalesce(%(new_beat)s, beat), cost = %(cost)s::numeric, listed = %(listed)s, jobs = %(jobs)s,
        at_rest = %(at_rest)s, under_way = %(under_way)s, version = %(version)s
    WHERE id = %(id)s AND account = %(account)s AND mode = %(mode)s AND version = %(before)s RETURNING id
), gone AS (
    DELETE FROM start_keys USING written WHERE start_keys.id = written.id AND key <> ALL (%(keys)s)
), added AS (
    INSERT INTO start_keys (account, mode, key, created, seq, id)
    SELECT %(account)s, %(mode)s, key, %(created)s, %(seq)s, written.id FROM written, unnest(%(keys)s::text[]) AS key
    ON CONFLICT DO NOTHING
)
SELECT count(*) AS count FROM written
"""
BEAT = _sql("UPDATE starts SET beat = %(beat)s WHERE id = %(id)s AND $ours")
RELEASE = _sql("UPDATE starts SET beat = 0, deferred = false, about = NULL, share = NULL WHERE id = %(id)s AND $ours")
REPORT = _sql("UPDATE starts SET beat = %(beat)s, about = %(about)s, share = %(share)s WHERE id = %(id)s AND $ours")
BY_ID = _sql("SELECT $columns FROM starts WHERE id = %(id)s AND $ours")
START = _sql("SELECT start FROM starts WHERE id = %(id)s AND $ours")
SAME = _sql("""
SELECT $columns FROM starts WHERE id = a2e_same_start(
    %(account)s, %(mode)s, %(user)s, %(fingerprint)s, %(passed)s, %(again)s)
""")
_PARTS["holder"] = _sql("""
SELECT start_keys.id FROM start_keys JOIN starts USING (id)
WHERE start_keys.account = %(account)s AND start_keys.mode = %(mode)s AND key = %(key)s AND $of_user
ORDER BY start_keys.created DESC, start_keys.seq DESC LIMIT 1
""")
BY_JOB_ID = _sql("""
SELECT $columns FROM starts WHERE id = coalesce(($holder), %(own)s) AND $ours AND $of_user
""")
BY_JOB_IDS = _sql("""
SELECT wanted.place, $columns
FROM unnest(%(keys)s::text[], %(own_ids)s::text[]) WITH ORDINALITY AS wanted (key, own, place)
JOIN starts ON starts.id = coalesce((
    SELECT id FROM start_keys WHERE account = %(account)s AND mode = %(mode)s AND start_keys.key = wanted.key
    ORDER BY start_keys.created DESC, start_keys.seq DESC LIMIT 1), wanted.own)
WHERE $ours
""")
WITH_KEY = _sql("""
SELECT $columns FROM start_keys JOIN starts USING (id)
WHERE start_keys.account = %(account)s AND start_keys.mode = %(mode)s AND key = %(key)s
    AND start_keys.created >= %(since)s
ORDER BY start_keys.created DESC, start_keys.seq DESC LIMIT %(most)s
""")
LOCK_KEY = "SELECT pg_advisory_xact_lock(hashtextextended(%(lock)s, 0))"
RECENT = _sql("""
SELECT $columns FROM starts WHERE $ours AND starts.created >= %(since)s
    AND (%(without)s::text IS NULL OR family <> %(without)s) AND $of_user
$newest_first LIMIT %(most)s OFFSET %(skip)s
""")
RECENT_OF_FAMILY = _sql("""
SELECT $columns FROM starts WHERE $ours AND family = %(family)s AND starts.created >= %(since)s AND $of_user
$newest_first LIMIT %(most)s OFFSET %(skip)s
""")
UNFINISHED = _sql("""
SELECT $columns FROM starts WHERE $ours AND phase IN ('intended', 'sent')
    AND (%(family)s::text IS NULL OR family = %(family)s) $newest_first
""")
UNSETTLED = _sql("""
SELECT $columns FROM starts WHERE $of_home AND (phase IN ('intended', 'sent')
    OR (phase = 'unknown' AND handles = '{}' AND sent IS NOT NULL AND starts.created >= %(since)s))
""")
UNKEPT = _sql("""
SELECT starts.account, $columns FROM starts
WHERE starts.account IN (SELECT %(account)s UNION SELECT own_keys.account FROM own_keys WHERE mode = %(mode)s)
    AND $of_home AND phase = 'started' AND starts.created >= %(since)s
    AND starts.created < %(before)s AND coalesce(state, 'queued') IN ('queued', 'running', 'succeeded')
    AND family <> ALL (%(without)s)
    AND (SELECT count(*) FROM jsonb_object_keys(coalesce(steps -> 'kept', '{}'))) < cardinality(handles)
ORDER BY starts.created LIMIT %(most)s
""")
LOST = _sql("""
SELECT $columns FROM starts WHERE $ours AND phase IN ('sent', 'unknown') AND handles = '{}'
    AND (%(family)s::text IS NULL OR family = %(family)s) AND sent IS NOT NULL AND starts.created >= %(since)s
    AND (%(titles)s::text[] IS NULL OR title = ANY (%(titles)s))
$newest_first
""")
RIVALS = _sql("""
SELECT $columns FROM starts WHERE $ours AND family = %(family)s AND title = %(title)s AND id <> %(id)s
    AND starts.created BETWEEN %(first)s AND %(last)s
    AND (phase IN ('intended', 'sent') OR (phase = 'unknown' AND handles = '{}'))
""")
OTHERS_SINCE = _sql("""
SELECT EXISTS (
    SELECT FROM starts WHERE $ours AND created >= %(moment)s AND id <> %(id)s AND $paid
) OR EXISTS (
    SELECT FROM starts WHERE $ours AND phase IN ('intended', 'sent') AND $alive AND id <> %(id)s AND $paid
) AS found
""")
NEWEST = _sql("""
SELECT $columns FROM starts WHERE $ours AND left(fingerprint, 200) >= left(%(first)s, 200)
    AND left(fingerprint, 200) < %(last)s AND starts_with(fingerprint, %(first)s) AND $of_user
$newest_first LIMIT 1
""")
SPENT = """
SELECT a2e_spent(%(account)s, %(mode)s, %(user)s::text, %(since)s, %(oldest)s, %(newest)s)::float8 AS spent
"""
SPENDING = _sql("""
SELECT coalesce(sum(cost), 0)::float8 AS total, count(*) AS starts FROM starts
WHERE $ours AND created >= %(since)s AND $paid AND $of_user
""")
_SPENT_BY = _sql("""
SELECT PART AS part, sum(cost)::float8 AS spent FROM starts
WHERE $ours AND created >= %(since)s AND $paid AND $of_user
GROUP BY part HAVING sum(cost) > 0 ORDER BY ORDERED LIMIT %(most)s
""")
SPENT_BY = {
    "family": _SPENT_BY.replace("PART", "family").replace("ORDERED", "spent DESC, part"),
    "day": _SPENT_BY.replace("PART", "to_char(to_timestamp(created) AT TIME ZONE 'UTC', 'YYYY-MM-DD')").replace(
        "ORDERED", "part DESC"
    ),
}
"""Credits of what was started since then by family, dearest first, or by day (UTC), newest first."""
_PARTS["matching"] = _sql("""
$ours AND listed AND (%(family)s::text IS NULL OR family = %(family)s)
    AND starts.created >= %(since)s AND starts.created < %(before)s AND $of_user
    AND (%(states)s::text[] IS NULL
        OR CASE WHEN under_way IS NOT NULL AND $alive THEN under_way ELSE at_rest END = ANY (%(states)s))
""")
COUNT = _sql("SELECT coalesce(sum(jobs), 0) AS count FROM starts WHERE $matching")
COUNT_AMONG = _sql("""
SELECT count(*) AS count FROM (
    SELECT DISTINCT ON (key) id FROM start_keys
    WHERE account = %(account)s AND mode = %(mode)s AND key = ANY (%(keys)s)
    ORDER BY key, created DESC, seq DESC
) AS known JOIN starts USING (id) WHERE $matching
""")
LISTED = _sql("""
SELECT $columns FROM starts WHERE $matching AND (starts.created, starts.id) < (%(created)s, %(last)s)
ORDER BY starts.created DESC, starts.id DESC LIMIT %(most)s
""")
OLD = _sql("SELECT $columns FROM starts WHERE created < %(moment)s AND phase IN ('started', 'refused') FOR UPDATE")
FORGET = """
UPDATE starts SET title = %(title)s, fingerprint = %(fingerprint)s, consent = NULL, steps = %(steps)s::jsonb,
    note = NULL, raw = NULL, start = NULL
WHERE id = %(id)s
"""
WORKER_LIVES = """
INSERT INTO workers (id, account, mode) VALUES (%(id)s, %(account)s, %(mode)s)
ON CONFLICT (id) DO UPDATE SET seen = clock_timestamp()
"""
WORKER_ENDS = "DELETE FROM workers WHERE id = %(id)s OR seen < now() - interval '1 hour'"
DEFER_FORGOTTEN = _sql("""
SELECT a2e_defer(coalesce(home, account), mode, 'a2e.carry_out', 'start ' || id, jsonb_build_object('entry_id', id))
FROM starts WHERE $of_home AND deferred AND beat < %(moment)s AND NOT EXISTS (
    SELECT FROM procrastinate_jobs WHERE lock = 'start ' || starts.id AND status IN ('todo', 'doing'))
""")
ACCOUNT_OF_START = _sql("SELECT account FROM starts WHERE id = %(id)s AND $of_home")
TAKE_LOOKS = "SELECT key FROM a2e_take_looks(%(account)s, %(mode)s, %(keys)s, %(seconds)s) AS key"
TAKE_TURN = "SELECT a2e_take_turn(%(account)s, %(mode)s, %(per_second)s, %(at_once)s) AS seconds"
TAKE_CALLS = "SELECT taken, seconds FROM a2e_take_calls(%(user)s, %(per_minute)s, %(wanted)s)"
BUSY = """
INSERT INTO request_turns AS known (account, mode, not_before)
VALUES (%(account)s, %(mode)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (account, mode) DO UPDATE SET not_before = greatest(known.not_before, EXCLUDED.not_before)
"""
# News leave with the commit, after which the looks are due.
LOOK_NOW = """
WITH due AS (
    DELETE FROM looks WHERE account = %(account)s AND mode = %(mode)s
        AND (key = %(family)s OR starts_with(key, %(family)s || ':'))
)
SELECT pg_notify(%(channel)s, %(word)s)
"""
FORGET_LOOKS = """
WITH calls AS (DELETE FROM user_calls WHERE at < now() - interval '1 day')
DELETE FROM looks WHERE at < now() - interval '1 day'
"""
