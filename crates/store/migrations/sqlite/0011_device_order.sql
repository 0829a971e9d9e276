-- The order in which devices are listed, page by page: all of them, and those in a state.
CREATE INDEX devices_by_age ON devices (created_at DESC, device_id);
DROP INDEX devices_by_state;
CREATE INDEX devices_by_state ON devices (state, created_at DESC, device_id);
