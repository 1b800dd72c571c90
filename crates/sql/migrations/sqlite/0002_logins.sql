-- Logging in: passwords, API keys, grants, and what servers need besides.

CREATE TABLE logins (
    account BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id),
    description TEXT NOT NULL,
    email TEXT,
    password TEXT,
    password_changed INTEGER,
    activation BLOB,
    generation INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    active INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    key_id BLOB NOT NULL REFERENCES data_keys (id),
    mac BLOB NOT NULL,
    previous_key_id BLOB REFERENCES data_keys (id),
    previous_mac BLOB,
    previous_until INTEGER,
    retain_minutes INTEGER NOT NULL,
    expires INTEGER,
    last_used INTEGER,
    rotated INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_name ON api_keys (account, name);

CREATE TABLE grants (
    account BLOB NOT NULL REFERENCES accounts (id),
    glob TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (account, glob)
) STRICT, WITHOUT ROWID;

-- Moves with every change of an account, a key or a grant.
CREATE TABLE auth_epoch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO auth_epoch (id, epoch) VALUES (1, 1);

-- Requests that changed something, so that a repeated one is recognised.
CREATE TABLE receipts (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    secret BLOB NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (at);

-- Where a chain of the audit log begins since its older entries were pruned.
CREATE TABLE audit_anchors (
    chain TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    previous BLOB NOT NULL,
    key_id BLOB NOT NULL REFERENCES data_keys (id),
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_at ON audit (at);
