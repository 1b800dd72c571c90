-- Ids are 16 bytes, times microseconds since 1970 (UTC), flags 0 or 1. Texts compare as bytes of UTF-8.

CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    min_compatible INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    active INTEGER NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    namespace BLOB NOT NULL,
    owner BLOB NOT NULL REFERENCES accounts (id),
    root BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE data_keys (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    active INTEGER NOT NULL,
    active_kind TEXT UNIQUE,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE key_wraps (
    key_id BLOB NOT NULL REFERENCES data_keys (id),
    root BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (key_id, root)
) STRICT, WITHOUT ROWID;

CREATE TABLE stores (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    namespace BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name_fold TEXT NOT NULL,
    private INTEGER NOT NULL,
    owner BLOB NOT NULL REFERENCES accounts (id),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    current_version BLOB NOT NULL,
    change_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX secrets_name_key ON secrets (name_key);
-- Lists are found and counted in these alone: each has what an order or a condition needs, and privacy.
CREATE INDEX secrets_created ON secrets (created, id, private, owner);
CREATE INDEX secrets_updated ON secrets (updated, id, private, owner);
CREATE INDEX secrets_name ON secrets (name, id, private, owner);
CREATE INDEX secrets_private ON secrets (private, id, owner);
CREATE INDEX secrets_name_fold ON secrets (name_fold, name, private, owner, created, updated, id);
CREATE INDEX secrets_owner ON secrets (owner, private, created, updated, id);

CREATE TABLE payloads (
    id BLOB NOT NULL PRIMARY KEY,
    key_id BLOB REFERENCES data_keys (id),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE versions (
    uid BLOB NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL REFERENCES secrets (id),
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    placed INTEGER NOT NULL,
    payload BLOB REFERENCES payloads (id),
    store TEXT,
    object BLOB,
    at_ref TEXT,
    key_id BLOB REFERENCES data_keys (id),
    digest BLOB,
    size INTEGER NOT NULL,
    visible_to_others INTEGER NOT NULL,
    CHECK ((payload IS NULL) <> (store IS NULL)),
    CHECK ((store IS NULL) = (object IS NULL) AND (store IS NULL) = (at_ref IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX versions_secret ON versions (secret, revision);
CREATE INDEX versions_object ON versions (store, object) WHERE store IS NOT NULL;
CREATE INDEX versions_payload ON versions (payload);

CREATE TABLE pending (
    uid BLOB NOT NULL PRIMARY KEY,
    version BLOB NOT NULL,
    secret BLOB NOT NULL,
    locked BLOB UNIQUE,
    store TEXT NOT NULL,
    object BLOB NOT NULL,
    debris INTEGER NOT NULL,
    at_ref TEXT,
    attempted INTEGER NOT NULL,
    key_id BLOB REFERENCES data_keys (id),
    digest BLOB,
    due INTEGER NOT NULL,
    born INTEGER NOT NULL,
    claimed INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_due ON pending (locked, due, uid);
CREATE INDEX pending_object ON pending (store, object);
CREATE INDEX pending_secret ON pending (secret);

CREATE TABLE audit_chains (
    chain TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    change_id BLOB NOT NULL,
    actor BLOB NOT NULL,
    action TEXT NOT NULL,
    secret BLOB NOT NULL,
    detail TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT,
    request TEXT,
    key_id BLOB NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX audit_change ON audit (change_id);

INSERT INTO meta (id, schema_version, min_compatible) VALUES (1, 1, 1);
