-- Processes that run, each until the time that it said last.

CREATE TABLE replicas (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    root UUID NOT NULL,
    schema_version BIGINT NOT NULL,
    lasts_until BIGINT NOT NULL
);
