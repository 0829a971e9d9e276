-- Synthetic charts that nobody has a reason to open. Which they are is sealed, and the token is of no
-- other use: a copy of the database does not tell which records they are.
CREATE TABLE canaries (
    canary_id BLOB NOT NULL PRIMARY KEY,
    canary_token BLOB NOT NULL,
    said_sealed BLOB NOT NULL,
    made INTEGER NOT NULL,
    made_by BLOB NOT NULL REFERENCES users (user_id),
    made_at INTEGER NOT NULL,
    retired_at INTEGER,
    retired_by BLOB REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX canaries_by_token ON canaries (canary_token);

-- Looks at charts that a privacy officer should look at: whose, how much each looks like snooping, and
-- what was said of it. Whose chart it was, what speaks for it and the officer's note are sealed.
CREATE TABLE looks (
    look_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    look_token BLOB NOT NULL,
    canary_id BLOB REFERENCES canaries (canary_id),
    day INTEGER NOT NULL,
    at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    said_sealed BLOB NOT NULL,
    outcome TEXT,
    note_sealed BLOB,
    reviewed_by BLOB REFERENCES users (user_id),
    reviewed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX looks_of_person ON looks (user_id, look_token, at);
CREATE INDEX looks_by_day ON looks (day, rank);
CREATE INDEX looks_by_canary ON looks (canary_id, at);
