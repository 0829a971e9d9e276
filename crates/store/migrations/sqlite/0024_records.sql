-- What officers and custodians hand in for the record keeper. Statements are sealed: their reasons may be
-- words about people. A statement's id is its mark; tokens stand for hashes, from which a reason could be
-- guessed.
CREATE TABLE record_statements (
    statement_id BLOB NOT NULL PRIMARY KEY,
    token BLOB NOT NULL UNIQUE,
    about BLOB,
    kind TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (user_id),
    handed_at INTEGER NOT NULL,
    taken_at INTEGER,
    state TEXT NOT NULL,
    settled_at INTEGER,
    body_sealed BLOB NOT NULL,
    outcome_sealed BLOB,
    ended_sealed BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX record_statements_by_state ON record_statements (state, kind, handed_at);
CREATE INDEX record_statements_about ON record_statements (about);
CREATE INDEX record_statements_by_kind ON record_statements (kind, user_id);
CREATE INDEX record_statements_to_take ON record_statements (taken_at, handed_at);

-- What the record keeper signed beside outcomes: records of destruction, custodians' shares, what is in
-- force.
CREATE TABLE record_results (
    result_id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id BLOB REFERENCES users (user_id),
    at INTEGER NOT NULL,
    body_sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX record_results_by_kind ON record_results (kind, at);
