-- Generators of one-time codes: people's, and cards that nobody has yet.
CREATE TABLE factors (
    factor_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA REFERENCES users (user_id),
    generator TEXT NOT NULL,
    name TEXT NOT NULL,
    serial TEXT UNIQUE,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    next BIGINT NOT NULL,
    drift BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX factors_by_user ON factors (user_id);

-- Wrong codes in a row, by the device on which they were typed.
CREATE TABLE factor_tries (
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, device_id)
);

-- When a one-time code was typed in a session last; how unusual the session is, 0 to 100, and the
-- sentences that say why, as JSON.
ALTER TABLE sessions ADD COLUMN code_at BIGINT;
ALTER TABLE sessions ADD COLUMN risk BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN risk_reasons TEXT NOT NULL DEFAULT '[]';
