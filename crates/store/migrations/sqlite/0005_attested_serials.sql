-- The certificates by which hardware vouched for a device, by their serial numbers as the list of
-- revoked attestation keys writes them, for as long as they are believed.
CREATE TABLE attested_serials (
    device_id BLOB NOT NULL REFERENCES devices (device_id),
    serial TEXT NOT NULL,
    PRIMARY KEY (device_id, serial)
) STRICT, WITHOUT ROWID;
