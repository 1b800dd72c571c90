-- Processes that run, each until the time that it said last.

CREATE TABLE IF NOT EXISTS replicas (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARBINARY(1020) NOT NULL,
    root BINARY(16) NOT NULL,
    schema_version BIGINT NOT NULL,
    lasts_until BIGINT NOT NULL
) ENGINE = InnoDB;
