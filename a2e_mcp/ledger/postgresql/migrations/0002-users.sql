-- Who may use the servers, where no file names them.

CREATE SEQUENCE users_changes;

CREATE TABLE users (
    name text COLLATE "C" PRIMARY KEY,
    scope text NOT NULL CHECK (scope IN ('a2e:read', 'a2e:spend', 'a2e:admin')),
    per_day double precision CHECK (per_day >= 0),
    per_start double precision CHECK (per_start >= 0),
    subject text UNIQUE,
    revoked double precision,
    -- Greater with every change, so that servers see with one look whether any was made.
    changed bigint NOT NULL
);

CREATE INDEX users_by_change ON users (changed);

CREATE TABLE user_keys (
    digest text COLLATE "C" PRIMARY KEY CHECK (length(digest) = 64),
    name text COLLATE "C" NOT NULL REFERENCES users (name),
    made double precision NOT NULL,
    expires double precision,
    revoked double precision
);
