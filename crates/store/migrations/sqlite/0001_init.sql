-- Portable types only: ids and hashes BLOB, times INTEGER (unix milliseconds), JSON TEXT,
-- booleans INTEGER. A column called "sealed" or ending in "_sealed" holds AES-256-GCM ciphertext
-- (crate seal); one ending in "_token" holds a blind token. The PostgreSQL file of the same name
-- has the same tables, columns and unique keys; a test compares them.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- People ---------------------------------------------------------------------------------------

CREATE TABLE facilities (
    facility_id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user_id BLOB NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    role_title TEXT NOT NULL,
    department TEXT NOT NULL,
    facility_id BLOB NOT NULL REFERENCES facilities (facility_id),
    active INTEGER NOT NULL,
    onboarded INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_roles (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE shifts (
    user_id BLOB NOT NULL REFERENCES users (user_id),
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE oncall_roles (
    slug TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    department TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oncall_turns (
    slug TEXT NOT NULL REFERENCES oncall_roles (slug),
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    PRIMARY KEY (slug, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE care_team (
    patient_token BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    patient_sealed BLOB NOT NULL,
    PRIMARY KEY (patient_token, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX care_team_by_user ON care_team (user_id);

-- Enrolment ------------------------------------------------------------------------------------

CREATE TABLE invites (
    invite_id BLOB NOT NULL PRIMARY KEY,
    handle TEXT UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    genesis INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    link_hash BLOB NOT NULL,
    typed_hash BLOB NOT NULL,
    invited_by BLOB REFERENCES users (user_id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts_left INTEGER NOT NULL,
    consumed_at INTEGER,
    consumed_jkt BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE enrollments (
    enrollment_id BLOB NOT NULL PRIMARY KEY,
    device_id BLOB NOT NULL UNIQUE,
    invite_id BLOB NOT NULL REFERENCES invites (invite_id),
    user_id BLOB NOT NULL REFERENCES users (user_id),
    program TEXT NOT NULL,
    jkt BLOB NOT NULL,
    device_name TEXT NOT NULL,
    platform TEXT NOT NULL,
    state_sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX enrollments_by_jkt ON enrollments (jkt);

CREATE TABLE devices (
    device_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    program TEXT NOT NULL,
    state TEXT NOT NULL,
    jkt BLOB NOT NULL UNIQUE,
    device_jwk TEXT NOT NULL,
    mls_key BLOB NOT NULL,
    binding TEXT NOT NULL,
    passkey_kind TEXT NOT NULL,
    passkey_sealed BLOB NOT NULL,
    share_sealed BLOB NOT NULL,
    device_cert BLOB,
    mls_cert BLOB,
    inbox_last INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    activated_at INTEGER,
    revoked_at INTEGER,
    revoked_reason TEXT,
    last_seen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_user ON devices (user_id);

-- "genesis" is 1 for the one that vouches for itself and NULL for all others, so that there is
-- only ever one.
CREATE TABLE endorsements (
    device_id BLOB NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    endorser BLOB NOT NULL,
    duty TEXT NOT NULL,
    genesis INTEGER UNIQUE,
    signed_json TEXT NOT NULL,
    event_node TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE challenges (
    challenge_id BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    device_id BLOB NOT NULL,
    session_id BLOB,
    state_sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

CREATE TABLE sessions (
    session_id BLOB NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    aal INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    verified_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    idle_ms INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_device ON sessions (device_id);

CREATE TABLE socket_tickets (
    ticket_hash BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (session_id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX socket_tickets_by_expiry ON socket_tickets (expires_at);

-- Conversations --------------------------------------------------------------------------------

CREATE TABLE key_packages (
    package_ref BLOB NOT NULL PRIMARY KEY,
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    ciphersuite INTEGER NOT NULL,
    last_resort INTEGER NOT NULL,
    package BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX key_packages_by_device ON key_packages (device_id, ciphersuite, last_resort, created_at);

CREATE TABLE groups (
    group_id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT,
    patient_token BLOB,
    patient_sealed BLOB,
    ciphersuite INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    removal_pending INTEGER NOT NULL,
    last_message_at INTEGER,
    created_by BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX groups_by_patient ON groups (patient_token);

-- Apart from "groups", because they are large and change with commits only, while a group's head
-- moves with every message.
CREATE TABLE group_states (
    group_id BLOB NOT NULL PRIMARY KEY REFERENCES groups (group_id),
    public_state BLOB NOT NULL,
    group_info BLOB NOT NULL
) STRICT;

CREATE TABLE group_devices (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    device_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    leaf_index INTEGER NOT NULL,
    joined_seq INTEGER NOT NULL,
    PRIMARY KEY (group_id, device_id),
    UNIQUE (group_id, leaf_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_devices_by_user ON group_devices (user_id, group_id);
CREATE INDEX group_devices_by_device ON group_devices (device_id, group_id);

CREATE TABLE receipts (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    user_id BLOB NOT NULL,
    delivered INTEGER NOT NULL,
    read INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

-- No foreign keys: this is the table of the group commit, which checks groups and members itself.
CREATE TABLE entries (
    group_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    message_id BLOB,
    sender_device BLOB,
    sender_user BLOB,
    epoch INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (group_id, seq),
    UNIQUE (group_id, message_id)
) STRICT;

CREATE TABLE inbox (
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    n INTEGER NOT NULL,
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, n)
) STRICT;

-- One Welcome serves everyone that a commit adds.
CREATE TABLE welcomes (
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    seq INTEGER NOT NULL,
    welcome BLOB NOT NULL,
    PRIMARY KEY (group_id, seq)
) STRICT;

-- Clinical resources -----------------------------------------------------------------------------

CREATE TABLE resources (
    kind TEXT NOT NULL,
    id_token BLOB NOT NULL,
    patient_token BLOB,
    body_sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, id_token)
) STRICT;
CREATE INDEX resources_by_patient ON resources (patient_token, kind);

CREATE TABLE resource_tokens (
    kind TEXT NOT NULL,
    search_token BLOB NOT NULL,
    id_token BLOB NOT NULL,
    PRIMARY KEY (kind, search_token, id_token)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_tokens_by_resource ON resource_tokens (kind, id_token);

-- Audit ------------------------------------------------------------------------------------------

-- Events are only ever inserted. Where an event stands in the Merkle log follows from log_ranges.
CREATE TABLE audit_events (
    node TEXT NOT NULL,
    seq INTEGER NOT NULL,
    salt BLOB NOT NULL,
    payload_sealed BLOB NOT NULL,
    commitment BLOB NOT NULL,
    chain BLOB NOT NULL,
    PRIMARY KEY (node, seq)
) STRICT;

CREATE TABLE audit_heads (
    node TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    chain BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The events node/first_seq .. node/first_seq + events - 1 have the log indexes from first_index.
CREATE TABLE log_ranges (
    first_index INTEGER NOT NULL PRIMARY KEY,
    node TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    events INTEGER NOT NULL,
    UNIQUE (node, first_seq)
) STRICT, WITHOUT ROWID;

-- The first event of each node that the log does not hold yet.
CREATE TABLE log_nodes (
    node TEXT NOT NULL PRIMARY KEY,
    next_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    width INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (level, tile_index)
) STRICT;

CREATE TABLE log_checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
