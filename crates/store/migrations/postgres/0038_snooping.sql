-- How each person looks at charts, as the model of snooping counts it, sealed.
CREATE TABLE access_people (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    state_sealed BYTEA NOT NULL,
    seen_at BIGINT NOT NULL
);

-- Where people who work here live, and their own records, as tokens that are of no other use: whether a patient
-- lives there, or is them, can be asked, and nothing can be read.
CREATE TABLE staff_marks (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (user_id),
    area_token BYTEA,
    number_token BYTEA
);
CREATE INDEX staff_marks_by_number ON staff_marks (number_token);

-- Patients are found by the area of their address as well: the server indexes them anew as it starts.
UPDATE resources SET indexed = 0 WHERE kind = 'Patient';
