-- What officers and custodians hand in for the record keeper. Statements are sealed: their reasons may be
-- words about people. A statement's id is its mark; tokens stand for hashes, from which a reason could be
-- guessed.
CREATE TABLE record_statements (
    statement_id BYTEA NOT NULL PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,
    about BYTEA,
    kind TEXT NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (user_id),
    handed_at BIGINT NOT NULL,
    taken_at BIGINT,
    state TEXT NOT NULL,
    settled_at BIGINT,
    body_sealed BYTEA NOT NULL,
    outcome_sealed BYTEA,
    ended_sealed BYTEA
);
CREATE INDEX record_statements_by_state ON record_statements (state, kind, handed_at);
CREATE INDEX record_statements_about ON record_statements (about);
CREATE INDEX record_statements_by_kind ON record_statements (kind, user_id);
CREATE INDEX record_statements_to_take ON record_statements (taken_at, handed_at);

-- What the record keeper signed beside outcomes: records of destruction, custodians' shares, what is in
-- force.
CREATE TABLE record_results (
    result_id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    user_id BYTEA REFERENCES users (user_id),
    at BIGINT NOT NULL,
    body_sealed BYTEA NOT NULL
);
CREATE INDEX record_results_by_kind ON record_results (kind, at);
