-- People who are to be rung because of a device of theirs that has to be mended.
CREATE TABLE owner_notices (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    priority INTEGER NOT NULL,
    wanted_at INTEGER NOT NULL,
    -- When it is judged whether it rings; NULL while there is nothing to ring for.
    due_at INTEGER,
    -- When they were rung last.
    told_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX owner_notices_by_due ON owner_notices (due_at);
