-- Which resources are copies of another record system's: only these are ever replaced by what it says, and go
-- when it no longer has them.
ALTER TABLE resources ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;
CREATE INDEX resources_copied ON resources (patient_token, kind) WHERE copied = 1;

-- Patients of this hospital's other record system, and how old the copy of their record is.
CREATE TABLE ehr_copies (
    patient_token BLOB NOT NULL PRIMARY KEY,
    patient_sealed BLOB NOT NULL,
    -- The patient's id there.
    there_token BLOB NOT NULL UNIQUE,
    there_sealed BLOB NOT NULL,
    -- When somebody found or opened it last.
    sought_at INTEGER NOT NULL,
    -- As of when the copy is complete; none: there is no copy of the record yet, or none any more.
    complete_at INTEGER,
    -- As of when all of it was read, and not what had changed alone.
    whole_at INTEGER,
    -- How many entries there cannot be read here.
    left_out INTEGER NOT NULL DEFAULT 0,
    -- Whether there is more of a type than may be copied: 0 or 1.
    cut INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX ehr_copies_by_age ON ehr_copies (complete_at, sought_at);
