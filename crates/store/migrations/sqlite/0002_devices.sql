-- Devices: more ways to stand, what is known of them, the programs that judge it, and the feeds.

UPDATE devices SET state = 'retired' WHERE state = 'revoked';
ALTER TABLE devices ADD COLUMN serial TEXT;
-- What the program's rules made of it: JSON, absent until it was first looked at.
ALTER TABLE devices ADD COLUMN assessment TEXT;
-- When its person accepted a privacy notice on it, and the hash of which.
ALTER TABLE devices ADD COLUMN notice_accepted_at INTEGER;
ALTER TABLE devices ADD COLUMN notice_hash BLOB;
ALTER TABLE devices ADD COLUMN wiped_at INTEGER;
CREATE INDEX devices_by_state ON devices (state);
CREATE INDEX devices_by_serial ON devices (serial);

-- The registered device that the invitation is for.
ALTER TABLE invites ADD COLUMN serial TEXT;
-- What an attestation of the new device's key has to carry.
ALTER TABLE enrollments ADD COLUMN challenge BLOB;

-- Certificates that were renewed, for the list of revoked ones until they have run out.
CREATE TABLE former_certificates (
    serial BLOB NOT NULL PRIMARY KEY,
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest fact of each name and provenance.
CREATE TABLE device_facts (
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    name TEXT NOT NULL,
    provenance TEXT NOT NULL,
    value TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (device_id, name, provenance)
) STRICT, WITHOUT ROWID;

-- Who looked at what is known of a device, for its owner.
CREATE TABLE device_views (
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    user_id BLOB NOT NULL REFERENCES users (user_id),
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (device_id, user_id)
) STRICT, WITHOUT ROWID;

-- The terms that a hospital changed; the others are those that ship with Wardline.
CREATE TABLE programs (
    slug TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    terms TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by BLOB REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;

-- Devices that the hospital bought and has not handed out, by the maker's serial number.
CREATE TABLE registered_devices (
    serial TEXT NOT NULL PRIMARY KEY,
    program TEXT NOT NULL,
    model TEXT NOT NULL,
    note TEXT NOT NULL,
    user_id BLOB REFERENCES users (user_id),
    registered_at INTEGER NOT NULL,
    registered_by BLOB REFERENCES users (user_id)
) STRICT, WITHOUT ROWID;

-- Public lists as they were fetched.
CREATE TABLE feed_files (
    file TEXT NOT NULL PRIMARY KEY,
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL,
    fetched_at INTEGER NOT NULL
) STRICT;

-- Security events that were taken, so that none is taken twice.
CREATE TABLE signal_ids (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX signal_ids_by_time ON signal_ids (received_at);

-- What a device manager says of devices, by the name that it gives them.
CREATE TABLE managed_devices (
    source TEXT NOT NULL,
    manager_id TEXT NOT NULL,
    serial TEXT,
    owner TEXT,
    name TEXT NOT NULL,
    device_id BLOB REFERENCES devices (device_id),
    observed_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (source, manager_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX managed_devices_by_device ON managed_devices (device_id);

-- What a device manager is to be asked for, until it took it.
CREATE TABLE manager_orders (
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    action TEXT NOT NULL,
    source TEXT NOT NULL,
    manager_id TEXT NOT NULL,
    ordered_at INTEGER NOT NULL,
    tried_at INTEGER,
    done_at INTEGER,
    PRIMARY KEY (device_id, action)
) STRICT, WITHOUT ROWID;
