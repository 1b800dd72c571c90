-- Logins with a browser that wait for it. Rows live for some minutes.

CREATE TABLE IF NOT EXISTS devices (
    id BINARY(16) NOT NULL PRIMARY KEY,
    client BINARY(16) NOT NULL,
    key_id BINARY(16) NOT NULL,
    code VARBINARY(64) NOT NULL,
    user_code VARBINARY(64) NOT NULL UNIQUE,
    agent VARBINARY(1020) NOT NULL,
    address VARBINARY(255),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    polled BIGINT,
    pause BIGINT NOT NULL,
    denied BIGINT NOT NULL,
    account BINARY(16),
    generation BIGINT,
    KEY devices_expires (expires),
    KEY devices_address (address),
    KEY devices_client (client)
) ENGINE = InnoDB;
