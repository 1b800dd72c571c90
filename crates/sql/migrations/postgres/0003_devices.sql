-- Logins with a browser that wait for it. Rows live for some minutes.

CREATE TABLE devices (
    id UUID NOT NULL PRIMARY KEY,
    client UUID NOT NULL,
    key_id UUID NOT NULL,
    code BYTEA NOT NULL,
    user_code BYTEA NOT NULL UNIQUE,
    agent TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C",
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    polled BIGINT,
    pause BIGINT NOT NULL,
    denied BIGINT NOT NULL,
    account UUID,
    generation BIGINT
);
CREATE INDEX devices_expires ON devices (expires);
CREATE INDEX devices_address ON devices (address);
CREATE INDEX devices_client ON devices (client);
