-- STAT messages that wait for an answer, and those that had one. The row begins with the message, in
-- its transaction; revision 0 has no state yet. state is the page as JSON; next_wake_at is when to look
-- again, NULL once it is over; seen_at is the clock by which that was said.
CREATE TABLE escalations (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    seq INTEGER NOT NULL,
    sender BLOB NOT NULL REFERENCES users (user_id),
    started_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT,
    seen_at INTEGER NOT NULL,
    next_wake_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX escalations_open ON escalations (next_wake_at) WHERE next_wake_at IS NOT NULL;
CREATE INDEX escalations_ended ON escalations (ended_at) WHERE ended_at IS NOT NULL;

-- Every alert that went out. The key is what keeps a person from being paged twice.
CREATE TABLE escalation_alerts (
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq, user_id, attempt),
    FOREIGN KEY (group_id, seq) REFERENCES escalations (group_id, seq)
) STRICT, WITHOUT ROWID;

-- Whom a page concerns: who sent it, who is asked, who is told how it ended.
CREATE TABLE escalation_people (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq),
    FOREIGN KEY (group_id, seq) REFERENCES escalations (group_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX escalation_people_by_page ON escalation_people (group_id, seq);
