-- The random bytes behind the id of a role's conversation, and the team that a conversation is for.
ALTER TABLE groups ADD COLUMN purpose BLOB;
ALTER TABLE groups ADD COLUMN team_id BLOB;

-- What devices signed about who has a role when, as the record keeper takes it. What somebody signed
-- when they asked for a swap counts once that is agreed.
CREATE TABLE turn_orders (
    order_hash BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL REFERENCES oncall_roles (slug),
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    signed TEXT NOT NULL,
    swap_id BLOB REFERENCES swaps (swap_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_orders_by_end ON turn_orders (until_ms);

-- How often schedules changed: nodes compare it to hear of changes that show in nobody's turn now.
CREATE TABLE schedule_state (
    id INTEGER NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO schedule_state (id, version) VALUES (1, 0);

-- Code teams and broadcast lists. Roles are resolved when somebody writes.
CREATE TABLE teams (
    team_id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    title_folded TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX teams_by_title ON teams (title_folded);
CREATE TABLE team_people (
    team_id BLOB NOT NULL REFERENCES teams (team_id),
    user_id BLOB NOT NULL REFERENCES users (user_id),
    PRIMARY KEY (team_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE team_roles (
    team_id BLOB NOT NULL REFERENCES teams (team_id),
    slug TEXT NOT NULL REFERENCES oncall_roles (slug),
    PRIMARY KEY (team_id, slug)
) STRICT, WITHOUT ROWID;
