-- Since when a device's person lets it claim a position at sign-in, unix milliseconds; NULL where they
-- do not. No position is kept.
ALTER TABLE devices ADD COLUMN position_consent_at INTEGER;
