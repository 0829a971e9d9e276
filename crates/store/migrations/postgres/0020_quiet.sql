-- What people chose of when messages ring for them.
CREATE TABLE quiet_choices (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    -- hospital, at_once, every or breaks; minutes is for every, the others for breaks.
    batch TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    breaks TEXT NOT NULL,
    zone TEXT NOT NULL,
    -- nothing, routine or urgent; NULL for what the hospital says.
    off_duty TEXT,
    changed_at BIGINT NOT NULL
);

-- Messages that do not ring yet: of each conversation the newest and since when the first one waits.
CREATE TABLE held_rings (
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    priority BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    held_at BIGINT NOT NULL,
    -- When it is judged anew; NULL until the roster says when the person is back.
    due_at BIGINT,
    -- Whether it waits for the person's next shift or turn, which may begin earlier than was known.
    for_duty BIGINT NOT NULL,
    PRIMARY KEY (user_id, group_id, priority)
);
CREATE INDEX held_rings_by_due ON held_rings (due_at);

-- How often phones of a unit rang in an hour, and how many of these rings somebody answered within a
-- minute, five, fifteen, or at all. Nobody is named.
CREATE TABLE ring_counts (
    unit TEXT NOT NULL,
    hour_ms BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    rings BIGINT NOT NULL,
    answered_1 BIGINT NOT NULL,
    answered_5 BIGINT NOT NULL,
    answered_15 BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    PRIMARY KEY (unit, hour_ms, priority)
);
CREATE INDEX ring_counts_by_hour ON ring_counts (hour_ms);

-- The last ring of a person that is not answered yet: gone once it is.
CREATE TABLE open_rings (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    unit TEXT NOT NULL,
    priority BIGINT NOT NULL,
    at BIGINT NOT NULL
);

-- That somebody who answered a STAT message said that it did not need to be one. The mark is a keyed
-- hash: it keeps a person from being counted twice, and names nobody.
CREATE TABLE stat_marks (
    group_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    mark BYTEA NOT NULL,
    marked_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, seq, mark)
);
CREATE INDEX stat_marks_by_time ON stat_marks (marked_at);
CREATE INDEX escalations_by_start ON escalations (started_at);

-- The push service of a subscription, so that a slow one holds up its own wake-ups alone.
ALTER TABLE push_subscriptions ADD COLUMN host TEXT;
