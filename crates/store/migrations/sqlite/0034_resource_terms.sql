-- By what a resource is found within one patient's record. Its terms are keyed with the patient, so that the
-- same code, day or status in two records is two terms. The scope of what is no patient's is no bytes.
CREATE TABLE resource_terms (
    scope_token BLOB NOT NULL,
    kind TEXT NOT NULL,
    id_token BLOB NOT NULL,
    term_token BLOB NOT NULL,
    PRIMARY KEY (scope_token, kind, id_token, term_token)
) STRICT, WITHOUT ROWID;

-- Which form of the index a resource is in; the server brings those of an older form up to date as it starts.
ALTER TABLE resources ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX resources_to_index ON resources (kind, id_token) WHERE indexed = 0;

-- Codes and days of all records under one key told how often each occurs. Names and numbers of patients stay.
DELETE FROM resource_tokens WHERE kind <> 'Patient';
