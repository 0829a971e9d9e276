-- STAT messages that wait for an answer, and those that had one. The row begins with the message, in
-- its transaction; revision 0 has no state yet. state is the page as JSON; next_wake_at is when to look
-- again, NULL once it is over; seen_at is the clock by which that was said.
CREATE TABLE escalations (
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    seq BIGINT NOT NULL,
    sender BYTEA NOT NULL REFERENCES users (user_id),
    started_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT,
    seen_at BIGINT NOT NULL,
    next_wake_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (group_id, seq)
);
CREATE INDEX escalations_open ON escalations (next_wake_at) WHERE next_wake_at IS NOT NULL;
CREATE INDEX escalations_ended ON escalations (ended_at) WHERE ended_at IS NOT NULL;

-- Every alert that went out. The key is what keeps a person from being paged twice.
CREATE TABLE escalation_alerts (
    group_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (group_id, seq, user_id, attempt),
    FOREIGN KEY (group_id, seq) REFERENCES escalations (group_id, seq)
);

-- Whom a page concerns: who sent it, who is asked, who is told how it ended.
CREATE TABLE escalation_people (
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    group_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (user_id, group_id, seq),
    FOREIGN KEY (group_id, seq) REFERENCES escalations (group_id, seq)
);
CREATE INDEX escalation_people_by_page ON escalation_people (group_id, seq);
