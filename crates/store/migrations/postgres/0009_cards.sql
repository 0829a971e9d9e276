-- Smart cards that people added. A card is known by its key: a renewed one has another.
CREATE TABLE cards (
    card_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    key_sha256 BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    serial TEXT NOT NULL,
    not_after BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX cards_by_user ON cards (user_id);

-- Cards that were presented with a challenge, until the device that asked for it hands the answer in:
-- its SHA-256, and what the card said of itself, sealed.
CREATE TABLE card_answers (
    challenge_id BYTEA NOT NULL PRIMARY KEY,
    answer_hash BYTEA NOT NULL,
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    session_id BYTEA NOT NULL REFERENCES sessions (session_id),
    said_sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX card_answers_by_end ON card_answers (expires_at);

-- When a smart card was presented in a session last.
ALTER TABLE sessions ADD COLUMN card_at BIGINT;
