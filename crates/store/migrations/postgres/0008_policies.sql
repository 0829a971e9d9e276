-- What a session's person proved for a function of its own; see the policies' scopes.
CREATE TABLE session_scopes (
    session_id BYTEA NOT NULL REFERENCES sessions (session_id),
    scope TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (session_id, scope)
);

-- Versions of the policies: what each was drafted from, files as JSON, who drafted and who approved, and from when on they hold.
-- Version 0, which ships with the program, is not among them.
CREATE TABLE policies (
    version BIGINT NOT NULL PRIMARY KEY,
    base BIGINT NOT NULL,
    files TEXT NOT NULL,
    hash TEXT NOT NULL,
    summary TEXT NOT NULL,
    author BYTEA REFERENCES users (user_id),
    created_at BIGINT NOT NULL,
    effective_at BIGINT,
    approved_by BYTEA REFERENCES users (user_id),
    approved_at BIGINT,
    withdrawn_by BYTEA REFERENCES users (user_id),
    withdrawn_at BIGINT
);

-- Questions that were put to the policies, with their answers: many in one body, sealed.
CREATE TABLE decisions (
    batch_id BYTEA NOT NULL PRIMARY KEY,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    count BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL
);
CREATE INDEX decisions_by_time ON decisions (from_ms, batch_id);
CREATE INDEX decisions_by_end ON decisions (until_ms);

-- People who lost every device: one officer asks, another agrees.
CREATE TABLE recoveries (
    recovery_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by BYTEA NOT NULL REFERENCES users (user_id),
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by BYTEA REFERENCES users (user_id),
    decided_at BIGINT
);
CREATE UNIQUE INDEX recoveries_waiting ON recoveries (user_id) WHERE state = 'waiting';
