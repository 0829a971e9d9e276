-- By what the hospital's pager system reaches people.
CREATE TABLE pager_numbers (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    number_sealed BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Calls to the pager system, one for each alert that asks for one, and how they went.
CREATE TABLE pager_calls (
    -- What the pager system knows a call by, however often it is made.
    call_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    -- The STAT message, and which alert of the person; NULL for a test.
    group_id BYTEA,
    seq BIGINT,
    attempt BIGINT,
    created_at BIGINT NOT NULL,
    -- When it may be made, or, while it is under way, when another node may make it; NULL once it is over.
    due_at BIGINT,
    tries BIGINT NOT NULL,
    tried_at BIGINT,
    failed_at BIGINT,
    -- 'waiting', 'taken', 'failed' or 'needless'.
    state TEXT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX pager_calls_by_alert ON pager_calls (group_id, seq, user_id, attempt);
CREATE INDEX pager_calls_by_due ON pager_calls (due_at);
CREATE INDEX pager_calls_by_state ON pager_calls (state, ended_at);
CREATE INDEX pager_calls_by_failure ON pager_calls (failed_at);

-- Programs that are members of conversations, beside their account in "users".
CREATE TABLE bots (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    -- Who answers for it.
    owner BYTEA NOT NULL REFERENCES users (user_id),
    -- Where it may write and what, JSON.
    scope TEXT NOT NULL,
    -- Messages that it may send in a minute, and how many it sent in the one that began then.
    per_minute BIGINT NOT NULL,
    window_at BIGINT NOT NULL,
    window_count BIGINT NOT NULL,
    created_by BYTEA NOT NULL REFERENCES users (user_id),
    created_at BIGINT NOT NULL,
    disabled_by BYTEA REFERENCES users (user_id),
    disabled_at BIGINT
);
