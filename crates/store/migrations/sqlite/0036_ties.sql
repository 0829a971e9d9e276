-- Who has to do with which patient, as entries of the record say: by this a look is explained. Whoever an entry
-- names stands here as a blind token of that name, and so do wards; the patient is a token, and sealed where it
-- has to be read back.
CREATE TABLE ties (
    kind TEXT NOT NULL,
    id_token BLOB NOT NULL,
    bond TEXT NOT NULL,
    name_token BLOB NOT NULL,
    patient_token BLOB NOT NULL,
    patient_sealed BLOB NOT NULL,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, id_token, bond, name_token)
) STRICT, WITHOUT ROWID;
CREATE INDEX ties_by_patient ON ties (patient_token, until_ms);
CREATE INDEX ties_by_name ON ties (name_token, until_ms);

-- By which names the record knows somebody who signs in here. Staff names are no patient data: the sign-in name
-- stands as it is compared, folded, since the account may be made after the directory was read.
CREATE TABLE clinicians (
    id_token BLOB NOT NULL,
    name_token BLOB NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (id_token, name_token)
) STRICT, WITHOUT ROWID;
CREATE INDEX clinicians_by_name ON clinicians (name_token);
CREATE INDEX clinicians_by_account ON clinicians (account);

-- Since when somebody is on a care team, where that is known; and who was on one until lately.
ALTER TABLE care_team ADD COLUMN since INTEGER;
CREATE TABLE ended_ties (
    patient_token BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    bond TEXT NOT NULL,
    patient_sealed BLOB NOT NULL,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (patient_token, user_id, bond)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_ties_by_user ON ended_ties (user_id, until_ms);

-- What ties are made of is read again once, as the server starts.
UPDATE resources SET indexed = 0
    WHERE kind IN ('Encounter', 'MedicationRequest', 'Practitioner', 'ServiceRequest');
