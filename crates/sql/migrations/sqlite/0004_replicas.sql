-- Processes that run, each until the time that it said last.

CREATE TABLE replicas (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    root BLOB NOT NULL,
    schema_version INTEGER NOT NULL,
    lasts_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
