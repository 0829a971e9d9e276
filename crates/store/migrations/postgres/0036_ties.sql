-- Who has to do with which patient, as entries of the record say: by this a look is explained. Whoever an entry
-- names stands here as a blind token of that name, and so do wards; the patient is a token, and sealed where it
-- has to be read back.
CREATE TABLE ties (
    kind TEXT NOT NULL,
    id_token BYTEA NOT NULL,
    bond TEXT NOT NULL,
    name_token BYTEA NOT NULL,
    patient_token BYTEA NOT NULL,
    patient_sealed BYTEA NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (kind, id_token, bond, name_token)
);
CREATE INDEX ties_by_patient ON ties (patient_token, until_ms);
CREATE INDEX ties_by_name ON ties (name_token, until_ms);

-- By which names the record knows somebody who signs in here. Staff names are no patient data: the sign-in name
-- stands as it is compared, folded, since the account may be made after the directory was read.
CREATE TABLE clinicians (
    id_token BYTEA NOT NULL,
    name_token BYTEA NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (id_token, name_token)
);
CREATE INDEX clinicians_by_name ON clinicians (name_token);
CREATE INDEX clinicians_by_account ON clinicians (account);

-- Since when somebody is on a care team, where that is known; and who was on one until lately.
ALTER TABLE care_team ADD COLUMN since BIGINT;
CREATE TABLE ended_ties (
    patient_token BYTEA NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    bond TEXT NOT NULL,
    patient_sealed BYTEA NOT NULL,
    from_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (patient_token, user_id, bond)
);
CREATE INDEX ended_ties_by_user ON ended_ties (user_id, until_ms);

-- What ties are made of is read again once, as the server starts.
UPDATE resources SET indexed = 0
    WHERE kind IN ('Encounter', 'MedicationRequest', 'Practitioner', 'ServiceRequest');
