-- Generators of one-time codes: people's, and cards that nobody has yet.
CREATE TABLE factors (
    factor_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (user_id),
    generator TEXT NOT NULL,
    name TEXT NOT NULL,
    serial TEXT UNIQUE,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    secret_sealed BLOB NOT NULL,
    next INTEGER NOT NULL,
    drift INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX factors_by_user ON factors (user_id);

-- Wrong codes in a row, by the device on which they were typed.
CREATE TABLE factor_tries (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

-- When a one-time code was typed in a session last; how unusual the session is, 0 to 100, and the
-- sentences that say why, as JSON.
ALTER TABLE sessions ADD COLUMN code_at INTEGER;
ALTER TABLE sessions ADD COLUMN risk INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN risk_reasons TEXT NOT NULL DEFAULT '[]';
