-- The same tables, columns and unique keys as the SQLite file of this name; a test compares them.

UPDATE devices SET state = 'retired' WHERE state = 'revoked';
ALTER TABLE devices ADD COLUMN serial TEXT;
-- What the program's rules made of it: JSON, absent until it was first looked at.
ALTER TABLE devices ADD COLUMN assessment TEXT;
-- When its person accepted a privacy notice on it, and the hash of which.
ALTER TABLE devices ADD COLUMN notice_accepted_at BIGINT;
ALTER TABLE devices ADD COLUMN notice_hash BYTEA;
ALTER TABLE devices ADD COLUMN wiped_at BIGINT;
CREATE INDEX devices_by_state ON devices (state);
CREATE INDEX devices_by_serial ON devices (serial);

-- The registered device that the invitation is for.
ALTER TABLE invites ADD COLUMN serial TEXT;
-- What an attestation of the new device's key has to carry.
ALTER TABLE enrollments ADD COLUMN challenge BYTEA;

-- Certificates that were renewed, for the list of revoked ones until they have run out.
CREATE TABLE former_certificates (
    serial BYTEA PRIMARY KEY,
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    not_after BIGINT NOT NULL
);

-- The newest fact of each name and provenance.
CREATE TABLE device_facts (
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    name TEXT NOT NULL,
    provenance TEXT NOT NULL,
    value TEXT NOT NULL,
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (device_id, name, provenance)
);

-- Who looked at what is known of a device, for its owner.
CREATE TABLE device_views (
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (device_id, user_id)
);

-- The terms that a hospital changed; the others are those that ship with Wardline.
CREATE TABLE programs (
    slug TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    terms TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by BYTEA REFERENCES users (user_id)
);

-- Devices that the hospital bought and has not handed out, by the maker's serial number.
CREATE TABLE registered_devices (
    serial TEXT NOT NULL PRIMARY KEY,
    program TEXT NOT NULL,
    model TEXT NOT NULL,
    note TEXT NOT NULL,
    user_id BYTEA REFERENCES users (user_id),
    registered_at BIGINT NOT NULL,
    registered_by BYTEA REFERENCES users (user_id)
);

-- Public lists as they were fetched.
CREATE TABLE feed_files (
    file TEXT NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    bytes BYTEA NOT NULL,
    fetched_at BIGINT NOT NULL
);

-- Security events that were taken, so that none is taken twice.
CREATE TABLE signal_ids (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, jti)
);
CREATE INDEX signal_ids_by_time ON signal_ids (received_at);

-- What a device manager says of devices, by the name that it gives them.
CREATE TABLE managed_devices (
    source TEXT NOT NULL,
    manager_id TEXT NOT NULL,
    serial TEXT,
    owner TEXT,
    name TEXT NOT NULL,
    device_id BYTEA REFERENCES devices (device_id),
    observed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (source, manager_id)
);
CREATE INDEX managed_devices_by_device ON managed_devices (device_id);

-- What a device manager is to be asked for, until it took it.
CREATE TABLE manager_orders (
    device_id BYTEA NOT NULL REFERENCES devices (device_id),
    action TEXT NOT NULL,
    source TEXT NOT NULL,
    manager_id TEXT NOT NULL,
    ordered_at BIGINT NOT NULL,
    tried_at BIGINT,
    done_at BIGINT,
    PRIMARY KEY (device_id, action)
);
