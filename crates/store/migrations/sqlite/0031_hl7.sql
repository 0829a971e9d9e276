-- Messages of HL7 feeds: kept before they are acknowledged, then applied in order. What a message says is
-- sealed, and gone once it is applied; that it came, and as what, stays for as long as senders repeat.
CREATE TABLE hl7_messages (
    seq INTEGER NOT NULL PRIMARY KEY,
    -- Keyed: sender and control id (MSH-10).
    id_token BLOB NOT NULL,
    -- Keyed: everything but the time at which it was sent.
    digest BLOB NOT NULL,
    -- MSH-9, such as ADT^A01.
    kind TEXT NOT NULL,
    about_sealed BLOB NOT NULL,
    body_sealed BLOB,
    received_at INTEGER NOT NULL,
    -- waiting, applied, dead or dismissed
    state TEXT NOT NULL,
    -- Why it could not be applied: a sentence without anything of the message, and a place in it.
    reason TEXT,
    place TEXT,
    decided_at INTEGER
) STRICT;
CREATE UNIQUE INDEX hl7_messages_by_id ON hl7_messages (id_token);
CREATE INDEX hl7_messages_by_state ON hl7_messages (state, seq);
CREATE INDEX hl7_messages_by_end ON hl7_messages (state, decided_at);

-- 1: the place of the newest message. 2: whoever applies messages holds this row.
CREATE TABLE hl7_cursor (
    name INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO hl7_cursor (name, at) VALUES (1, 0), (2, 0);

-- How new the newest news of something is that was applied, by the sender's time: what is older changes
-- nothing any more.
CREATE TABLE hl7_newest (
    subject_token BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
