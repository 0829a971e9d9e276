-- Which version of a resource it is, and by what a later one is told from it: a keyed token of its body.
ALTER TABLE resources ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE resources ADD COLUMN body_token BYTEA;
