-- Where a device is woken by Web Push (RFC 8030), one place at most, and how that goes.
CREATE TABLE push_subscriptions (
    device_id BYTEA NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    -- The push service's URL for the device, and the device's keys (RFC 8291): whoever has them may ring it.
    endpoint_sealed BYTEA NOT NULL,
    keys_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- How often a wake-up was asked for: by it a node knows whether another one was asked for as it sent one.
    wanted BIGINT NOT NULL,
    -- When the wake-up that waits may be sent, or, while one is under way, when another node may try.
    due_at BIGINT,
    -- The highest priority that waits, and that of the one that was sent last.
    due_priority BIGINT NOT NULL,
    sent_priority BIGINT NOT NULL,
    last_sent_at BIGINT,
    -- SHA-256 of the id in the wake-up that was sent last; NULL once its receipt came.
    receipt_hash BYTEA,
    last_receipt_at BIGINT,
    -- Since when the push service takes nothing, and since when it knows the subscription no more.
    failed_since BIGINT,
    gone_at BIGINT
);
CREATE INDEX push_subscriptions_by_due ON push_subscriptions (due_at);
CREATE INDEX push_subscriptions_by_receipt ON push_subscriptions (receipt_hash);

-- Devices with a real-time socket, by the node that has it, for as long as the node says so.
CREATE TABLE open_sockets (
    device_id BYTEA NOT NULL,
    node TEXT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (device_id, node)
);

-- Until when people are not to be disturbed.
CREATE TABLE quiet_people (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    until_ms BIGINT NOT NULL
);
