-- Logging in: passwords, API keys, grants, and what servers need besides.

CREATE TABLE logins (
    account UUID NOT NULL PRIMARY KEY REFERENCES accounts (id),
    description TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C",
    password TEXT COLLATE "C",
    password_changed BIGINT,
    activation BYTEA,
    generation BIGINT NOT NULL,
    updated BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id UUID NOT NULL PRIMARY KEY,
    account UUID NOT NULL REFERENCES accounts (id),
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    active BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    key_id UUID NOT NULL REFERENCES data_keys (id),
    mac BYTEA NOT NULL,
    previous_key_id UUID REFERENCES data_keys (id),
    previous_mac BYTEA,
    previous_until BIGINT,
    retain_minutes BIGINT NOT NULL,
    expires BIGINT,
    last_used BIGINT,
    rotated BIGINT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX api_keys_name ON api_keys (account, name);

CREATE TABLE grants (
    account UUID NOT NULL REFERENCES accounts (id),
    glob TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (account, glob)
);

-- Moves with every change of an account, a key or a grant.
CREATE TABLE auth_epoch (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL
);
INSERT INTO auth_epoch (id, epoch) VALUES (1, 1);

-- Requests that changed something, so that a repeated one is recognised.
CREATE TABLE receipts (
    id UUID NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL,
    secret UUID NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX receipts_at ON receipts (at);

-- Where a chain of the audit log begins since its older entries were pruned.
CREATE TABLE audit_anchors (
    chain TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    previous BYTEA NOT NULL,
    key_id UUID NOT NULL REFERENCES data_keys (id),
    mac BYTEA NOT NULL
);
CREATE INDEX audit_at ON audit (at);
