-- Which resources are copies of another record system's: only these are ever replaced by what it says, and go
-- when it no longer has them.
ALTER TABLE resources ADD COLUMN copied BIGINT NOT NULL DEFAULT 0;
CREATE INDEX resources_copied ON resources (patient_token, kind) WHERE copied = 1;

-- Patients of this hospital's other record system, and how old the copy of their record is.
CREATE TABLE ehr_copies (
    patient_token BYTEA NOT NULL PRIMARY KEY,
    patient_sealed BYTEA NOT NULL,
    -- The patient's id there.
    there_token BYTEA NOT NULL UNIQUE,
    there_sealed BYTEA NOT NULL,
    -- When somebody found or opened it last.
    sought_at BIGINT NOT NULL,
    -- As of when the copy is complete; none: there is no copy of the record yet, or none any more.
    complete_at BIGINT,
    -- As of when all of it was read, and not what had changed alone.
    whole_at BIGINT,
    -- How many entries there cannot be read here.
    left_out BIGINT NOT NULL DEFAULT 0,
    -- Whether there is more of a type than may be copied: 0 or 1.
    cut BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX ehr_copies_by_age ON ehr_copies (complete_at, sought_at);
