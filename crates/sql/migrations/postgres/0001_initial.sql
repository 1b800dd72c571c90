-- Times are microseconds since 1970 (UTC), flags 0 or 1. Texts compare as bytes.

CREATE TABLE meta (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    schema_version BIGINT NOT NULL,
    min_compatible BIGINT NOT NULL
);

CREATE TABLE accounts (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    full_name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE identity (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    namespace UUID NOT NULL,
    owner UUID NOT NULL REFERENCES accounts (id),
    root UUID NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE data_keys (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    active_kind TEXT COLLATE "C" UNIQUE,
    created BIGINT NOT NULL
);

CREATE TABLE key_wraps (
    key_id UUID NOT NULL REFERENCES data_keys (id),
    root UUID NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (key_id, root)
);

CREATE TABLE stores (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    namespace UUID NOT NULL
);

CREATE TABLE secrets (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    name_fold TEXT COLLATE "C" NOT NULL,
    private BIGINT NOT NULL,
    owner UUID NOT NULL REFERENCES accounts (id),
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    current_version UUID NOT NULL,
    change_id UUID NOT NULL
);
CREATE UNIQUE INDEX secrets_name_key ON secrets (name_key);
-- Lists are found and counted in these alone: each has what an order or a condition needs, and privacy.
CREATE INDEX secrets_created ON secrets (created, id, private, owner);
CREATE INDEX secrets_updated ON secrets (updated, id, private, owner);
CREATE INDEX secrets_name ON secrets (name, id, private, owner);
CREATE INDEX secrets_private ON secrets (private, id, owner);
CREATE INDEX secrets_name_fold ON secrets (name_fold, name, private, owner, created, updated, id);
CREATE INDEX secrets_owner ON secrets (owner, private, created, updated, id);

CREATE TABLE payloads (
    id UUID NOT NULL PRIMARY KEY,
    key_id UUID REFERENCES data_keys (id),
    bytes BYTEA NOT NULL
);

CREATE TABLE versions (
    uid UUID NOT NULL PRIMARY KEY,
    secret UUID NOT NULL REFERENCES secrets (id),
    revision BIGINT NOT NULL,
    created BIGINT NOT NULL,
    placed BIGINT NOT NULL,
    payload UUID REFERENCES payloads (id),
    store TEXT COLLATE "C",
    object UUID,
    at_ref TEXT COLLATE "C",
    key_id UUID REFERENCES data_keys (id),
    digest BYTEA,
    size BIGINT NOT NULL,
    visible_to_others BIGINT NOT NULL,
    CHECK ((payload IS NULL) <> (store IS NULL)),
    CHECK ((store IS NULL) = (object IS NULL) AND (store IS NULL) = (at_ref IS NULL))
);
CREATE UNIQUE INDEX versions_secret ON versions (secret, revision);
CREATE INDEX versions_object ON versions (store, object) WHERE store IS NOT NULL;
CREATE INDEX versions_payload ON versions (payload);

CREATE TABLE pending (
    uid UUID NOT NULL PRIMARY KEY,
    version UUID NOT NULL,
    secret UUID NOT NULL,
    locked UUID UNIQUE,
    store TEXT COLLATE "C" NOT NULL,
    object UUID NOT NULL,
    debris BIGINT NOT NULL,
    at_ref TEXT COLLATE "C",
    attempted BIGINT NOT NULL,
    key_id UUID REFERENCES data_keys (id),
    digest BYTEA,
    due BIGINT NOT NULL,
    born BIGINT NOT NULL,
    claimed BIGINT
);
CREATE INDEX pending_due ON pending (locked, due, uid);
CREATE INDEX pending_object ON pending (store, object);
CREATE INDEX pending_secret ON pending (secret);

CREATE TABLE audit_chains (
    chain TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    mac BYTEA NOT NULL
);

CREATE TABLE audit (
    chain TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    change_id UUID NOT NULL,
    actor UUID NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    secret UUID NOT NULL,
    detail TEXT COLLATE "C" NOT NULL,
    channel TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C",
    request TEXT COLLATE "C",
    key_id UUID NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE UNIQUE INDEX audit_change ON audit (change_id);

INSERT INTO meta (id, schema_version, min_compatible) VALUES (1, 1, 1);
