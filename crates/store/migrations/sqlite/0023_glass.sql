-- That somebody broke the glass of a patient's record: for what, why and until when, and what a privacy
-- officer said of it. Whose record it is, the reason and the officer's note are sealed.
CREATE TABLE glass_grants (
    grant_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    patient_token BLOB NOT NULL,
    patient_sealed BLOB NOT NULL,
    purpose TEXT NOT NULL,
    reason_sealed BLOB NOT NULL,
    at INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by BLOB REFERENCES users (user_id),
    outcome TEXT,
    note_sealed BLOB,
    reviewed_by BLOB REFERENCES users (user_id),
    reviewed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX glass_grants_in_force ON glass_grants (user_id, patient_token, until_ms);
CREATE INDEX glass_grants_to_review ON glass_grants (outcome, at);

-- What was read under a grant: an action and what it was done to, sealed.
CREATE TABLE glass_looks (
    look_id BLOB NOT NULL PRIMARY KEY,
    grant_id BLOB NOT NULL REFERENCES glass_grants (grant_id),
    at INTEGER NOT NULL,
    what_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX glass_looks_by_grant ON glass_looks (grant_id, at);
