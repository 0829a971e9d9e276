-- When and why the word of the hardware that vouched for a device was taken back.
ALTER TABLE devices ADD COLUMN disowned_at BIGINT;
ALTER TABLE devices ADD COLUMN disowned_why TEXT;
-- The key of its hardware that certified a device's key: SHA-256 of its SubjectPublicKeyInfo.
ALTER TABLE devices ADD COLUMN certifier BYTEA;
