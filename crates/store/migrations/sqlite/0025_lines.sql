-- A STAT message has a page for each role of the code team that it calls, and else one: line tells them
-- apart, role is whose it is. Keys change, so the tables are made anew.
CREATE TABLE escalations_by_line (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    role TEXT REFERENCES oncall_roles (slug),
    sender BLOB NOT NULL REFERENCES users (user_id),
    started_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    state TEXT,
    seen_at INTEGER NOT NULL,
    next_wake_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (group_id, seq, line)
) STRICT, WITHOUT ROWID;
INSERT INTO escalations_by_line
    SELECT e.group_id, e.seq, 0, r.slug, e.sender, e.started_at, e.revision, e.state, e.seen_at,
        e.next_wake_at, e.ended_at
    FROM escalations e JOIN groups g ON g.group_id = e.group_id
        LEFT JOIN oncall_roles r ON r.slug = g.role AND g.kind = 'role';
CREATE TABLE escalation_alerts_by_line (
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq, line, user_id, attempt),
    FOREIGN KEY (group_id, seq, line) REFERENCES escalations_by_line (group_id, seq, line)
) STRICT, WITHOUT ROWID;
INSERT INTO escalation_alerts_by_line
    SELECT group_id, seq, 0, user_id, attempt, at FROM escalation_alerts;
CREATE TABLE escalation_people_by_line (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    PRIMARY KEY (user_id, group_id, seq, line),
    FOREIGN KEY (group_id, seq, line) REFERENCES escalations_by_line (group_id, seq, line)
) STRICT, WITHOUT ROWID;
INSERT INTO escalation_people_by_line SELECT user_id, group_id, seq, 0 FROM escalation_people;
DROP TABLE escalation_alerts;
DROP TABLE escalation_people;
DROP TABLE escalations;
ALTER TABLE escalations_by_line RENAME TO escalations;
ALTER TABLE escalation_alerts_by_line RENAME TO escalation_alerts;
ALTER TABLE escalation_people_by_line RENAME TO escalation_people;
CREATE INDEX escalations_open ON escalations (next_wake_at) WHERE next_wake_at IS NOT NULL;
CREATE INDEX escalations_ended ON escalations (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX escalations_by_start ON escalations (started_at);
CREATE INDEX escalation_people_by_page ON escalation_people (group_id, seq, line);

ALTER TABLE pager_calls ADD COLUMN line INTEGER;
UPDATE pager_calls SET line = 0 WHERE seq IS NOT NULL;
DROP INDEX pager_calls_by_alert;
CREATE UNIQUE INDEX pager_calls_by_alert ON pager_calls (group_id, seq, line, user_id, attempt);

-- Which patients' care teams changed, and in what order: nodes compare it to tell who is in a conversation
-- with one.
CREATE TABLE care_team_marks (
    patient_token BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX care_team_marks_by_version ON care_team_marks (version);

-- Who acknowledged which STAT message, and the newest of its versions (the place of a change) that they did.
CREATE TABLE stat_acknowledgements (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    seq INTEGER NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (group_id, seq, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stat_acknowledgements_by_time ON stat_acknowledgements (at);

-- When each part of a receipt came to where it is; unknown for those from before.
ALTER TABLE receipts ADD COLUMN delivered_at INTEGER;
ALTER TABLE receipts ADD COLUMN read_at INTEGER;
ALTER TABLE receipts ADD COLUMN acknowledged_at INTEGER;
