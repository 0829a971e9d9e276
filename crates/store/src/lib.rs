//! Persistence on SQLite and PostgreSQL: migrations, aggregates, group commit.
