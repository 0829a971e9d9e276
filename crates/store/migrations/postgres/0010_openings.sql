-- What each person opens of patients' records, as the model of risk counts it, sealed.
CREATE TABLE risk_openings (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    state_sealed BYTEA NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX risk_events_by_time ON risk_events (at);
