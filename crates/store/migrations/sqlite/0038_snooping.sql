-- How each person looks at charts, as the model of snooping counts it, sealed.
CREATE TABLE access_people (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    state_sealed BLOB NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where people who work here live, and their own records, as tokens that are of no other use: whether a patient
-- lives there, or is them, can be asked, and nothing can be read.
CREATE TABLE staff_marks (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (user_id),
    area_token BLOB,
    number_token BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_marks_by_number ON staff_marks (number_token);

-- Patients are found by the area of their address as well: the server indexes them anew as it starts.
UPDATE resources SET indexed = 0 WHERE kind = 'Patient';
