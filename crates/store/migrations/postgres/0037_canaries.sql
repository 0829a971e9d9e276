-- Synthetic charts that nobody has a reason to open. Which they are is sealed, and the token is of no
-- other use: a copy of the database does not tell which records they are.
CREATE TABLE canaries (
    canary_id BYTEA NOT NULL PRIMARY KEY,
    canary_token BYTEA NOT NULL,
    said_sealed BYTEA NOT NULL,
    made BIGINT NOT NULL,
    made_by BYTEA NOT NULL REFERENCES users (user_id),
    made_at BIGINT NOT NULL,
    retired_at BIGINT,
    retired_by BYTEA REFERENCES users (user_id)
);
CREATE INDEX canaries_by_token ON canaries (canary_token);

-- Looks at charts that a privacy officer should look at: whose, how much each looks like snooping, and
-- what was said of it. Whose chart it was, what speaks for it and the officer's note are sealed.
CREATE TABLE looks (
    look_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    look_token BYTEA NOT NULL,
    canary_id BYTEA REFERENCES canaries (canary_id),
    day BIGINT NOT NULL,
    at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    said_sealed BYTEA NOT NULL,
    outcome TEXT,
    note_sealed BYTEA,
    reviewed_by BYTEA REFERENCES users (user_id),
    reviewed_at BIGINT
);
CREATE INDEX looks_of_person ON looks (user_id, look_token, at);
CREATE INDEX looks_by_day ON looks (day, rank);
CREATE INDEX looks_by_canary ON looks (canary_id, at);
