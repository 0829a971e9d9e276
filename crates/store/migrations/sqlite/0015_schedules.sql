-- Wishes that somebody takes over a turn. The turn is known by its role and beginning; its end is as
-- it was when somebody asked, for a turn that is changed meanwhile is another one.
CREATE TABLE swaps (
    swap_id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL REFERENCES oncall_roles (slug),
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    asked_by BLOB NOT NULL REFERENCES users (user_id),
    asked_of BLOB NOT NULL REFERENCES users (user_id),
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    decided_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX swaps_waiting ON swaps (slug, from_ms, asked_of) WHERE state = 'asked';
CREATE INDEX swaps_by_asked_by ON swaps (asked_by, asked_at);
CREATE INDEX swaps_by_asked_of ON swaps (asked_of, asked_at);
-- Who is on call from when until when, looked for by time and by person.
CREATE INDEX oncall_turns_by_end ON oncall_turns (until_ms);
CREATE INDEX oncall_turns_by_user ON oncall_turns (user_id, until_ms);
CREATE INDEX shifts_by_end ON shifts (until_ms);
