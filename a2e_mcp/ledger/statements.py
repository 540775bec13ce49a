"""The SQL of a SQLite ledger; every statement is answered from an index."""

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
BY_ID = "SELECT * FROM starts WHERE account = :account AND mode = :mode AND id = :id"
IS_TAKEN = "SELECT 1 FROM starts WHERE id = ?"
NOT_ENDED = "SELECT * FROM starts WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')"
RECENT = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND created >= :since
    AND (:without IS NULL OR family != :without)
ORDER BY created DESC, rowid DESC LIMIT :most OFFSET :skip
"""
RECENT_OF_FAMILY = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND family = :family AND created >= :since
ORDER BY created DESC, rowid DESC LIMIT :most OFFSET :skip
"""
UNFINISHED = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent') AND family = :family
ORDER BY created DESC, rowid DESC
"""
LOST = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND phase IN ('sent', 'unknown') AND handles = '[]'
    AND family = :family AND sent IS NOT NULL AND created >= :since
    AND (:titles IS NULL OR title IN (SELECT value FROM json_each(:titles)))
ORDER BY created DESC, rowid DESC
"""
RIVALS = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND phase IN ('sent', 'unknown') AND handles = '[]'
    AND family = :family AND title = :title AND id != :id AND created BETWEEN :first AND :last
UNION ALL
SELECT * FROM starts WHERE account = :account AND mode = :mode AND phase IN ('intended', 'sent')
    AND family = :family AND title = :title AND id != :id AND created BETWEEN :first AND :last
"""
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
SELECT * FROM starts WHERE account = :account AND mode = :mode AND fingerprint >= :first AND fingerprint < :last
ORDER BY created DESC, rowid DESC LIMIT 1
"""
# The last one that was written, whatever the clock said: it may have been set back since.
NEWEST_SAME = """
SELECT * FROM starts WHERE account = :account AND mode = :mode AND fingerprint = :fingerprint
    AND phase != 'refused' AND state IS NOT 'deleted' AND NOT (state IS 'failed' AND json_array_length(handles) <= 1)
    AND id NOT IN (SELECT value FROM json_each(:passed))
ORDER BY rowid DESC LIMIT 1
"""
