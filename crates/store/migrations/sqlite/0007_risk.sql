-- What the model of risk knows of a person, sealed.
CREATE TABLE risk_people (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    state_sealed BLOB NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How unusual each sign-in was: what was seen of it, sealed, the names of what was unusual, as JSON,
-- and what its person or an officer said of it.
CREATE TABLE risk_events (
    session_id BLOB NOT NULL PRIMARY KEY REFERENCES sessions (session_id),
    user_id BLOB NOT NULL REFERENCES users (user_id),
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    at INTEGER NOT NULL,
    risk INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    seen_sealed BLOB NOT NULL,
    confirmed_at INTEGER,
    was_me INTEGER,
    answered_at INTEGER,
    answered_by BLOB REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX risk_events_by_user ON risk_events (user_id, at);
CREATE INDEX risk_events_by_risk ON risk_events (risk, at);

-- What the place of a session is to its person: the hospital's, known, near or new.
ALTER TABLE sessions ADD COLUMN place TEXT NOT NULL DEFAULT 'known';
