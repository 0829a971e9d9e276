-- What a session's person proved for a function of its own; see the policies' scopes.
CREATE TABLE session_scopes (
    session_id BLOB NOT NULL REFERENCES sessions (session_id),
    scope TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (session_id, scope)
) STRICT, WITHOUT ROWID;

-- Versions of the policies: what each was drafted from, files as JSON, who drafted and who approved, and from when on they hold.
-- Version 0, which ships with the program, is not among them.
CREATE TABLE policies (
    version INTEGER NOT NULL PRIMARY KEY,
    base INTEGER NOT NULL,
    files TEXT NOT NULL,
    hash TEXT NOT NULL,
    summary TEXT NOT NULL,
    author BLOB REFERENCES users (user_id),
    created_at INTEGER NOT NULL,
    effective_at INTEGER,
    approved_by BLOB REFERENCES users (user_id),
    approved_at INTEGER,
    withdrawn_by BLOB REFERENCES users (user_id),
    withdrawn_at INTEGER
) STRICT;

-- Questions that were put to the policies, with their answers: many in one body, sealed.
CREATE TABLE decisions (
    batch_id BLOB NOT NULL PRIMARY KEY,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    body_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_by_time ON decisions (from_ms, batch_id);
CREATE INDEX decisions_by_end ON decisions (until_ms);

-- People who lost every device: one officer asks, another agrees.
CREATE TABLE recoveries (
    recovery_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by BLOB NOT NULL REFERENCES users (user_id),
    asked_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    decided_by BLOB REFERENCES users (user_id),
    decided_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX recoveries_waiting ON recoveries (user_id) WHERE state = 'waiting';
