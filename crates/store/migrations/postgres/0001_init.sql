-- The same tables, columns and unique keys as the SQLite file of this name; a test compares them.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);

-- People ---------------------------------------------------------------------------------------

CREATE TABLE facilities (
    facility_id BYTEA NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE users (
    user_id BYTEA NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    role_title TEXT NOT NULL,
    department TEXT NOT NULL,
    facility_id BYTEA NOT NULL REFERENCES facilities (facility_id),
    active BIGINT NOT NULL,
    onboarded BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE user_roles (
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
);

CREATE TABLE shifts (
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, from_ms)
);

CREATE TABLE oncall_roles (
    slug TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    department TEXT NOT NULL
);

CREATE TABLE oncall_turns (
    slug TEXT NOT NULL REFERENCES oncall_roles (slug),
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    PRIMARY KEY (slug, from_ms)
);

CREATE TABLE care_team (
    patient_token BYTEA NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    patient_sealed BYTEA NOT NULL,
    PRIMARY KEY (patient_token, user_id)
);
CREATE INDEX care_team_by_user ON care_team (user_id);

-- Enrolment ------------------------------------------------------------------------------------

CREATE TABLE invites (
    invite_id BYTEA NOT NULL PRIMARY KEY,
    handle TEXT UNIQUE,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    genesis BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    link_hash BYTEA NOT NULL,
    typed_hash BYTEA NOT NULL,
    invited_by BYTEA REFERENCES users (user_id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts_left BIGINT NOT NULL,
    consumed_at BIGINT,
    consumed_jkt BYTEA
);

CREATE TABLE enrollments (
    enrollment_id BYTEA NOT NULL PRIMARY KEY,
    device_id BYTEA NOT NULL UNIQUE,
    invite_id BYTEA NOT NULL REFERENCES invites (invite_id),
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    jkt BYTEA NOT NULL,
    device_name TEXT NOT NULL,
    platform TEXT NOT NULL,
    state_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX enrollments_by_jkt ON enrollments (jkt);

CREATE TABLE devices (
    device_id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    program TEXT NOT NULL,
    state TEXT NOT NULL,
    jkt BYTEA NOT NULL UNIQUE,
    device_jwk TEXT NOT NULL,
    mls_key BYTEA NOT NULL,
    binding TEXT NOT NULL,
    passkey_kind TEXT NOT NULL,
    passkey_sealed BYTEA NOT NULL,
    share_sealed BYTEA NOT NULL,
    device_cert BYTEA,
    mls_cert BYTEA,
    inbox_last BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    revoked_at BIGINT,
    revoked_reason TEXT,
    last_seen_at BIGINT
);
CREATE INDEX devices_by_user ON devices (user_id);

-- "genesis" is 1 for the one that vouches for itself and NULL for all others, so that there is
-- only ever one.
CREATE TABLE endorsements (
    device_id BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    endorser BYTEA NOT NULL,
    duty TEXT NOT NULL,
    genesis BIGINT UNIQUE,
    signed_json TEXT NOT NULL,
    event_node TEXT NOT NULL,
    event_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE challenges (
    challenge_id BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    device_id BYTEA NOT NULL,
    session_id BYTEA,
    state_sealed BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

CREATE TABLE sessions (
    session_id BYTEA NOT NULL PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    aal BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_ms BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE socket_tickets (
    ticket_hash BYTEA NOT NULL PRIMARY KEY,
    session_id BYTEA NOT NULL REFERENCES sessions (session_id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX socket_tickets_by_expiry ON socket_tickets (expires_at);

-- Conversations --------------------------------------------------------------------------------

CREATE TABLE key_packages (
    package_ref BYTEA NOT NULL PRIMARY KEY,
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    ciphersuite BIGINT NOT NULL,
    last_resort BIGINT NOT NULL,
    package BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX key_packages_by_device ON key_packages (device_id, ciphersuite, last_resort, created_at);

CREATE TABLE groups (
    group_id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT,
    patient_token BYTEA,
    patient_sealed BYTEA,
    ciphersuite BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    removal_pending BIGINT NOT NULL,
    last_message_at BIGINT,
    created_by BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX groups_by_patient ON groups (patient_token);

-- Apart from "groups", because they are large and change with commits only, while a group's head
-- moves with every message.
CREATE TABLE group_states (
    group_id BYTEA NOT NULL PRIMARY KEY REFERENCES groups (group_id),
    public_state BYTEA NOT NULL,
    group_info BYTEA NOT NULL
);

CREATE TABLE group_devices (
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    device_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    leaf_index BIGINT NOT NULL,
    joined_seq BIGINT NOT NULL,
    PRIMARY KEY (group_id, device_id),
    UNIQUE (group_id, leaf_index)
);
CREATE INDEX group_devices_by_user ON group_devices (user_id, group_id);
CREATE INDEX group_devices_by_device ON group_devices (device_id, group_id);

CREATE TABLE receipts (
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    user_id BYTEA NOT NULL,
    delivered BIGINT NOT NULL,
    read BIGINT NOT NULL,
    acknowledged BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);

-- No foreign keys: this is the table of the group commit, which checks groups and members itself.
CREATE TABLE entries (
    group_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    message_id BYTEA,
    sender_device BYTEA,
    sender_user BYTEA,
    epoch BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (group_id, seq),
    UNIQUE (group_id, message_id)
);

CREATE TABLE inbox (
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    n BIGINT NOT NULL,
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, n)
);

-- One Welcome serves everyone that a commit adds.
CREATE TABLE welcomes (
    group_id BYTEA NOT NULL REFERENCES groups (group_id),
    seq BIGINT NOT NULL,
    welcome BYTEA NOT NULL,
    PRIMARY KEY (group_id, seq)
);

-- Clinical resources -----------------------------------------------------------------------------

CREATE TABLE resources (
    kind TEXT NOT NULL,
    id_token BYTEA NOT NULL,
    patient_token BYTEA,
    body_sealed BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, id_token)
);
CREATE INDEX resources_by_patient ON resources (patient_token, kind);

CREATE TABLE resource_tokens (
    kind TEXT NOT NULL,
    search_token BYTEA NOT NULL,
    id_token BYTEA NOT NULL,
    PRIMARY KEY (kind, search_token, id_token)
);
CREATE INDEX resource_tokens_by_resource ON resource_tokens (kind, id_token);

-- Audit ------------------------------------------------------------------------------------------

-- Events are only ever inserted. Where an event stands in the Merkle log follows from log_ranges.
CREATE TABLE audit_events (
    node TEXT NOT NULL,
    seq BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    payload_sealed BYTEA NOT NULL,
    commitment BYTEA NOT NULL,
    chain BYTEA NOT NULL,
    PRIMARY KEY (node, seq)
);

CREATE TABLE audit_heads (
    node TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    signature BYTEA NOT NULL
);

-- The events node/first_seq .. node/first_seq + events - 1 have the log indexes from first_index.
CREATE TABLE log_ranges (
    first_index BIGINT NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    events BIGINT NOT NULL,
    UNIQUE (node, first_seq)
);

-- The first event of each node that the log does not hold yet.
CREATE TABLE log_nodes (
    node TEXT NOT NULL PRIMARY KEY,
    next_seq BIGINT NOT NULL
);

CREATE TABLE log_tiles (
    level BIGINT NOT NULL,
    tile_index BIGINT NOT NULL,
    width BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (level, tile_index)
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE log_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms BIGINT NOT NULL,
    size BIGINT NOT NULL
);
