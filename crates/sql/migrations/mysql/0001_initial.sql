-- Ids are 16 bytes, times microseconds since 1970 (UTC), flags 0 or 1. Texts are bytes of UTF-8, so that
-- no collation has a say. Everything can be run again, since each statement commits by itself.

CREATE TABLE IF NOT EXISTS meta (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    schema_version BIGINT NOT NULL,
    min_compatible BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS accounts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARBINARY(1020) NOT NULL,
    name_key VARBINARY(1060) NOT NULL UNIQUE,
    full_name VARBINARY(2040) NOT NULL,
    kind VARBINARY(64) NOT NULL,
    active BIGINT NOT NULL,
    role VARBINARY(32) NOT NULL,
    scope VARBINARY(32) NOT NULL,
    generation BIGINT NOT NULL,
    created BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS identity (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    namespace BINARY(16) NOT NULL,
    owner BINARY(16) NOT NULL,
    root BINARY(16) NOT NULL,
    created BIGINT NOT NULL,
    FOREIGN KEY (owner) REFERENCES accounts (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS data_keys (
    id BINARY(16) NOT NULL PRIMARY KEY,
    kind VARBINARY(64) NOT NULL,
    active BIGINT NOT NULL,
    active_kind VARBINARY(32) UNIQUE,
    created BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS key_wraps (
    key_id BINARY(16) NOT NULL,
    root BINARY(16) NOT NULL,
    bytes MEDIUMBLOB NOT NULL,
    PRIMARY KEY (key_id, root),
    FOREIGN KEY (key_id) REFERENCES data_keys (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS stores (
    name VARBINARY(1020) NOT NULL PRIMARY KEY,
    kind VARBINARY(64) NOT NULL,
    endpoint VARBINARY(2048) NOT NULL,
    namespace BINARY(16) NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS secrets (
    id BINARY(16) NOT NULL PRIMARY KEY,
    name VARBINARY(1020) NOT NULL,
    name_key VARBINARY(1060) NOT NULL,
    name_fold VARBINARY(1020) NOT NULL,
    private BIGINT NOT NULL,
    owner BINARY(16) NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    current_version BINARY(16) NOT NULL,
    change_id BINARY(16) NOT NULL,
    FOREIGN KEY (owner) REFERENCES accounts (id),
    UNIQUE KEY secrets_name_key (name_key),
    -- Lists are found and counted in these alone: each has what an order or a condition needs, and privacy.
    KEY secrets_created (created, id, private, owner),
    KEY secrets_updated (updated, id, private, owner),
    KEY secrets_name (name, id, private, owner),
    KEY secrets_private (private, id, owner),
    KEY secrets_name_fold (name_fold, name, private, owner, created, updated, id),
    KEY secrets_owner (owner, private, created, updated, id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS payloads (
    id BINARY(16) NOT NULL PRIMARY KEY,
    key_id BINARY(16),
    bytes MEDIUMBLOB NOT NULL,
    FOREIGN KEY (key_id) REFERENCES data_keys (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS versions (
    uid BINARY(16) NOT NULL PRIMARY KEY,
    secret BINARY(16) NOT NULL,
    revision BIGINT NOT NULL,
    created BIGINT NOT NULL,
    placed BIGINT NOT NULL,
    payload BINARY(16),
    store VARBINARY(32),
    object BINARY(16),
    at_ref VARBINARY(255),
    key_id BINARY(16),
    digest VARBINARY(255),
    size BIGINT NOT NULL,
    visible_to_others BIGINT NOT NULL,
    CHECK ((payload IS NULL) <> (store IS NULL)),
    CHECK ((store IS NULL) = (object IS NULL) AND (store IS NULL) = (at_ref IS NULL)),
    FOREIGN KEY (secret) REFERENCES secrets (id),
    FOREIGN KEY (payload) REFERENCES payloads (id),
    FOREIGN KEY (key_id) REFERENCES data_keys (id),
    UNIQUE KEY versions_secret (secret, revision),
    KEY versions_object (store, object),
    KEY versions_payload (payload)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS pending (
    uid BINARY(16) NOT NULL PRIMARY KEY,
    version BINARY(16) NOT NULL,
    secret BINARY(16) NOT NULL,
    locked BINARY(16) UNIQUE,
    store VARBINARY(32) NOT NULL,
    object BINARY(16) NOT NULL,
    debris BIGINT NOT NULL,
    at_ref VARBINARY(255),
    attempted BIGINT NOT NULL,
    key_id BINARY(16),
    digest VARBINARY(255),
    due BIGINT NOT NULL,
    born BIGINT NOT NULL,
    claimed BIGINT,
    FOREIGN KEY (key_id) REFERENCES data_keys (id),
    KEY pending_due (locked, due, uid),
    KEY pending_object (store, object),
    KEY pending_secret (secret)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS audit_chains (
    chain VARBINARY(255) NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    mac VARBINARY(64) NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS audit (
    chain VARBINARY(255) NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    change_id BINARY(16) NOT NULL,
    actor BINARY(16) NOT NULL,
    action VARBINARY(64) NOT NULL,
    secret BINARY(16) NOT NULL,
    detail MEDIUMBLOB NOT NULL,
    channel VARBINARY(64) NOT NULL,
    address VARBINARY(255),
    request VARBINARY(255),
    key_id BINARY(16) NOT NULL,
    mac VARBINARY(64) NOT NULL,
    PRIMARY KEY (chain, seq),
    UNIQUE KEY audit_change (change_id)
) ENGINE = InnoDB;

INSERT IGNORE INTO meta (id, schema_version, min_compatible) VALUES (1, 1, 1);
