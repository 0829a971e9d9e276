-- Attachments of messages: ciphertext for the devices of one conversation. Nothing here is sealed once
-- more: the key stands in the message, which this database has as MLS ciphertext alone.
CREATE TABLE attachments (
    attachment_id BLOB NOT NULL PRIMARY KEY,
    group_id BLOB NOT NULL REFERENCES groups (group_id),
    user_id BLOB NOT NULL REFERENCES users (user_id),
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    -- Of all chunks, and how many they are.
    bytes INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    -- How many of them are there.
    stored INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- When its chunks were deleted; what is left counts against its sender's day.
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_by_user ON attachments (user_id, created_at);
CREATE INDEX attachments_by_created ON attachments (created_at);
CREATE TABLE attachment_chunks (
    attachment_id BLOB NOT NULL REFERENCES attachments (attachment_id),
    n INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (attachment_id, n)
) STRICT;
