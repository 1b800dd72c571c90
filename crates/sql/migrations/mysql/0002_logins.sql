-- Logging in: passwords, API keys, grants, and what servers need besides.

CREATE TABLE IF NOT EXISTS logins (
    account BINARY(16) NOT NULL PRIMARY KEY,
    description MEDIUMBLOB NOT NULL,
    email VARBINARY(1020),
    password VARBINARY(1020),
    password_changed BIGINT,
    activation VARBINARY(64),
    generation BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    FOREIGN KEY (account) REFERENCES accounts (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS api_keys (
    id BINARY(16) NOT NULL PRIMARY KEY,
    account BINARY(16) NOT NULL,
    name VARBINARY(1020) NOT NULL,
    description MEDIUMBLOB NOT NULL,
    active BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    key_id BINARY(16) NOT NULL,
    mac VARBINARY(64) NOT NULL,
    previous_key_id BINARY(16),
    previous_mac VARBINARY(64),
    previous_until BIGINT,
    retain_minutes BIGINT NOT NULL,
    expires BIGINT,
    last_used BIGINT,
    rotated BIGINT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    UNIQUE KEY api_keys_name (account, name),
    FOREIGN KEY (account) REFERENCES accounts (id),
    FOREIGN KEY (key_id) REFERENCES data_keys (id),
    FOREIGN KEY (previous_key_id) REFERENCES data_keys (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS grants (
    account BINARY(16) NOT NULL,
    glob VARBINARY(1040) NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (account, glob),
    FOREIGN KEY (account) REFERENCES accounts (id)
) ENGINE = InnoDB;

-- Moves with every change of an account, a key or a grant.
CREATE TABLE IF NOT EXISTS auth_epoch (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL
) ENGINE = InnoDB;
INSERT IGNORE INTO auth_epoch (id, epoch) VALUES (1, 1);

-- Requests that changed something, so that a repeated one is recognised.
CREATE TABLE IF NOT EXISTS receipts (
    id BINARY(16) NOT NULL PRIMARY KEY,
    digest VARBINARY(64) NOT NULL,
    secret BINARY(16) NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    KEY receipts_at (at)
) ENGINE = InnoDB;

-- Where a chain of the audit log begins since its older entries were pruned.
CREATE TABLE IF NOT EXISTS audit_anchors (
    chain VARBINARY(255) NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    previous VARBINARY(64) NOT NULL,
    key_id BINARY(16) NOT NULL,
    mac VARBINARY(64) NOT NULL,
    FOREIGN KEY (key_id) REFERENCES data_keys (id)
) ENGINE = InnoDB;
