-- How each device stands by its program's rules (an `Assessment`, JSON), apart from the device: a
-- change of rules writes all of them, and moves many of the devices.
CREATE TABLE device_assessments (
    device_id BLOB NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    assessment TEXT NOT NULL
) STRICT;
INSERT INTO device_assessments (device_id, assessment)
    SELECT device_id, assessment FROM devices WHERE assessment IS NOT NULL;
ALTER TABLE devices DROP COLUMN assessment;
