"""The SQL of a SQLite ledger; every statement is answered from an index."""

from __future__ import annotations

INSERT = """
INSERT INTO starts (id, account, mode, family, title, fingerprint, phase, created, consent, expected, units, steps,
    beat)
VALUES (:id, :account, :mode, :family, :title, :fingerprint, :phase, :created, :consent, :expected, :units, :steps,
    :beat)
"""
UPDATE = """
UPDATE starts SET family = :family, title = :title, phase = :phase, sent = :sent, expected = :expected,
    charged = :charged, handles = :handles, steps = :steps, results = :results, state = :state, note = :note,
    raw = :raw, beat = :beat
WHERE id = :id
"""
INSERT_USER = "INSERT INTO start_users VALUES (?, ?)"
BY_ID = "SELECT * FROM entries WHERE account = :account AND mode = :mode AND id = :id"
IS_TAKEN = "SELECT 1 FROM starts WHERE id = ?"
UNDER_WAY = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')
    AND beat BETWEEN :oldest AND :newest
"""
RECENT = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND created >= :since
    AND (:without IS NULL OR family != :without) AND (:user IS NULL OR user_id = :user)
ORDER BY created DESC, number DESC LIMIT :most OFFSET :skip
"""
RECENT_OF_FAMILY = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND family = :family AND created >= :since
    AND (:user IS NULL OR user_id = :user)
ORDER BY created DESC, number DESC LIMIT :most OFFSET :skip
"""
UNFINISHED = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')
    AND (:family IS NULL OR family = :family)
ORDER BY created DESC, number DESC
"""
# Of the accounts that users bring as well, whose keys stand in the same file.
_OF_HOME = """
SELECT * FROM entries WHERE mode = :mode
    AND account IN (SELECT :account UNION SELECT account FROM own_keys WHERE own_keys.mode = :mode)
"""
_NOT_SETTLED = """
    AND (phase IN ('intended', 'sent')
        OR (phase = 'unknown' AND handles = '[]' AND sent IS NOT NULL AND created >= :since))
"""
_NOT_KEPT = """
    AND phase = 'started' AND created >= :since AND created < :before
    AND coalesce(state, 'queued') IN ('queued', 'running', 'succeeded')
    AND family NOT IN (SELECT value FROM json_each(:without))
    AND CASE WHEN json_valid(steps) AND json_valid(handles)
        THEN (SELECT count(*) FROM json_each(steps, '$.kept')) < json_array_length(handles) END
ORDER BY created LIMIT :most
"""
UNSETTLED = _OF_HOME + _NOT_SETTLED
UNKEPT = _OF_HOME + _NOT_KEPT
_LOST = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND phase IN ('sent', 'unknown') AND handles = '[]'
    AND sent IS NOT NULL AND created >= :since
    AND (:titles IS NULL OR title IN (SELECT value FROM json_each(:titles)))
"""
RIVALS = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND phase IN ('sent', 'unknown') AND handles = '[]'
    AND family = :family AND title = :title AND id != :id AND created BETWEEN :first AND :last
UNION ALL
SELECT * FROM entries WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')
    AND family = :family AND title = :title AND id != :id AND created BETWEEN :first AND :last
"""
# A user's starts in every account.
_OF_USER = """
FROM start_users JOIN starts USING (id) JOIN start_index USING (id)
WHERE user_id = :user AND starts.mode = :mode AND starts.created >= :since
"""
SPENT_BY_USER = f"""
SELECT total(cost + CASE WHEN phase IN ('intended', 'sent') AND beat BETWEEN :oldest AND :newest
    THEN max(0, coalesce(expected, 0) - cost) ELSE 0 END) {_OF_USER}
"""
_OPEN = """
    AND starts.family NOT IN (SELECT value FROM json_each(:uncounted))
    AND (at_rest IN ('queued', 'running') OR (phase IN ('intended', 'sent') AND beat BETWEEN :oldest AND :newest))
"""
OPEN_JOBS = "SELECT coalesce(sum(jobs), 0) " + _OF_USER + _OPEN
OTHERS_SINCE = """
SELECT EXISTS (
    SELECT 1 FROM starts WHERE account = :account AND mode = :mode AND created >= :moment
        AND id != :id AND family NOT IN (:download, :film)
) OR EXISTS (
    SELECT 1 FROM starts WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')
        AND beat BETWEEN :oldest AND :newest AND id != :id AND family NOT IN (:download, :film)
)
"""
NEWEST = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND fingerprint >= :first AND fingerprint < :last
    AND (:user IS NULL OR user_id = :user)
ORDER BY created DESC, number DESC LIMIT 1
"""
# The last one that was written, whatever the clock said: it may have been set back since.
NEWEST_SAME = """
SELECT * FROM entries WHERE account = :account AND mode = :mode AND fingerprint = :fingerprint AND user_id = :user
    AND phase != 'refused' AND state IS NOT 'deleted' AND NOT (state IS 'failed' AND json_array_length(handles) <= 1)
    AND id NOT IN (SELECT value FROM json_each(:passed))
ORDER BY number DESC LIMIT 1
"""


def lost(family: str | None) -> str:
    """The starts whose answer was lost; with `:family IS NULL OR` SQLite would not look in their index."""
    of_family = "" if family is None else "AND family = :family"
    return f"{_LOST} {of_family} ORDER BY created DESC, number DESC"
