-- What people chose of when messages ring for them.
CREATE TABLE quiet_choices (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    -- hospital, at_once, every or breaks; minutes is for every, the others for breaks.
    batch TEXT NOT NULL,
    minutes INTEGER NOT NULL,
    breaks TEXT NOT NULL,
    zone TEXT NOT NULL,
    -- nothing, routine or urgent; NULL for what the hospital says.
    off_duty TEXT,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that do not ring yet: of each conversation the newest and since when the first one waits.
CREATE TABLE held_rings (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    priority INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    held_at INTEGER NOT NULL,
    -- When it is judged anew; NULL until the roster says when the person is back.
    due_at INTEGER,
    -- Whether it waits for the person's next shift or turn, which may begin earlier than was known.
    for_duty INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, priority)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_rings_by_due ON held_rings (due_at);

-- How often phones of a unit rang in an hour, and how many of these rings somebody answered within a
-- minute, five, fifteen, or at all. Nobody is named.
CREATE TABLE ring_counts (
    unit TEXT NOT NULL,
    hour_ms INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    rings INTEGER NOT NULL,
    answered_1 INTEGER NOT NULL,
    answered_5 INTEGER NOT NULL,
    answered_15 INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    PRIMARY KEY (unit, hour_ms, priority)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_counts_by_hour ON ring_counts (hour_ms);

-- The last ring of a person that is not answered yet: gone once it is.
CREATE TABLE open_rings (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    unit TEXT NOT NULL,
    priority INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- That somebody who answered a STAT message said that it did not need to be one. The mark is a keyed
-- hash: it keeps a person from being counted twice, and names nobody.
CREATE TABLE stat_marks (
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    mark BLOB NOT NULL,
    marked_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq, mark)
) STRICT, WITHOUT ROWID;
CREATE INDEX stat_marks_by_time ON stat_marks (marked_at);
CREATE INDEX escalations_by_start ON escalations (started_at);

-- The push service of a subscription, so that a slow one holds up its own wake-ups alone.
ALTER TABLE push_subscriptions ADD COLUMN host TEXT;
