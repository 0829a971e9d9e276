-- A STAT message has a page for each role of the code team that it calls, and else one: line tells them
-- apart, role is whose it is. PostgreSQL's releases name a key of two columns in two ways.
ALTER TABLE escalation_alerts DROP CONSTRAINT IF EXISTS escalation_alerts_group_id_seq_fkey;
ALTER TABLE escalation_alerts DROP CONSTRAINT IF EXISTS escalation_alerts_group_id_fkey;
ALTER TABLE escalation_alerts DROP CONSTRAINT escalation_alerts_pkey;
ALTER TABLE escalation_people DROP CONSTRAINT IF EXISTS escalation_people_group_id_seq_fkey;
ALTER TABLE escalation_people DROP CONSTRAINT IF EXISTS escalation_people_group_id_fkey;
ALTER TABLE escalation_people DROP CONSTRAINT escalation_people_pkey;
ALTER TABLE escalations DROP CONSTRAINT escalations_pkey;
ALTER TABLE escalations ADD COLUMN line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE escalations ALTER COLUMN line DROP DEFAULT;
ALTER TABLE escalations ADD COLUMN role TEXT REFERENCES oncall_roles (slug);
UPDATE escalations SET role = r.slug FROM groups g, oncall_roles r
    WHERE g.group_id = escalations.group_id AND g.kind = 'role' AND r.slug = g.role;
ALTER TABLE escalations ADD PRIMARY KEY (group_id, seq, line);
ALTER TABLE escalation_alerts ADD COLUMN line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE escalation_alerts ALTER COLUMN line DROP DEFAULT;
ALTER TABLE escalation_alerts ADD PRIMARY KEY (group_id, seq, line, user_id, attempt);
ALTER TABLE escalation_alerts
    ADD FOREIGN KEY (group_id, seq, line) REFERENCES escalations (group_id, seq, line);
ALTER TABLE escalation_people ADD COLUMN line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE escalation_people ALTER COLUMN line DROP DEFAULT;
ALTER TABLE escalation_people ADD PRIMARY KEY (user_id, group_id, seq, line);
ALTER TABLE escalation_people
    ADD FOREIGN KEY (group_id, seq, line) REFERENCES escalations (group_id, seq, line);
DROP INDEX escalation_people_by_page;
CREATE INDEX escalation_people_by_page ON escalation_people (group_id, seq, line);

ALTER TABLE pager_calls ADD COLUMN line BIGINT;
UPDATE pager_calls SET line = 0 WHERE seq IS NOT NULL;
DROP INDEX pager_calls_by_alert;
CREATE UNIQUE INDEX pager_calls_by_alert ON pager_calls (group_id, seq, line, user_id, attempt);

-- Which patients' care teams changed, and in what order: nodes compare it to tell who is in a conversation
-- with one.
CREATE TABLE care_team_marks (
    patient_token BYTEA NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
CREATE INDEX care_team_marks_by_version ON care_team_marks (version);

-- Who acknowledged which STAT message, and the newest of its versions (the place of a change) that they did.
CREATE TABLE stat_acknowledgements (
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    seq BIGINT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (group_id, seq, user_id)
);
CREATE INDEX stat_acknowledgements_by_time ON stat_acknowledgements (at);

-- When each part of a receipt came to where it is; unknown for those from before.
ALTER TABLE receipts ADD COLUMN delivered_at BIGINT;
ALTER TABLE receipts ADD COLUMN read_at BIGINT;
ALTER TABLE receipts ADD COLUMN acknowledged_at BIGINT;
