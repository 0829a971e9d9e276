-- What each person opens of patients' records, as the model of risk counts it, sealed.
CREATE TABLE risk_openings (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    state_sealed BLOB NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX risk_events_by_time ON risk_events (at);
