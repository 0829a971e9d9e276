-- Critical results and alarms of feeds, until the role that has to know was told. What they say is sealed, and
-- gone once it was posted; it stands in the record.
CREATE TABLE critical_calls (
    call_id BYTEA NOT NULL PRIMARY KEY,
    -- The on-call role.
    role TEXT NOT NULL,
    -- Whose pages are counted together: the role's results, or its alarms.
    target TEXT NOT NULL,
    -- Keyed: what belongs together is told together.
    subject TEXT NOT NULL,
    -- Keyed: the result or the alarm, while it is gathered, so that one that is over is withdrawn.
    thing TEXT,
    body_sealed BYTEA,
    -- For how many results and alarms it stands.
    signals BIGINT NOT NULL,
    -- gathering, waiting, handed or posted
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Since when it waits for a bot.
    due_at BIGINT,
    -- When it was noted that it waits for too long.
    late_at BIGINT,
    -- The device that is to post it, and until when nobody else is.
    handed_to BYTEA,
    handed_until BIGINT,
    -- The STAT message that tells of it.
    group_id BYTEA,
    seq BIGINT,
    ended_at BIGINT
);
CREATE INDEX critical_calls_by_state ON critical_calls (state, due_at);
CREATE INDEX critical_calls_by_subject ON critical_calls (target, subject, state);
CREATE INDEX critical_calls_by_thing ON critical_calls (thing);

-- What was told last of a result or an alarm, keyed: the same again is not told again.
CREATE TABLE critical_said (
    thing TEXT NOT NULL PRIMARY KEY,
    said TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX critical_said_by_time ON critical_said (at);

-- How much each role was paged (wardline_hl7::flood), JSON; one row.
CREATE TABLE critical_flood (
    name BIGINT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL
);
