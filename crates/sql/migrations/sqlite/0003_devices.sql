-- Logins with a browser that wait for it. Rows live for some minutes.

CREATE TABLE devices (
    id BLOB NOT NULL PRIMARY KEY,
    client BLOB NOT NULL,
    key_id BLOB NOT NULL,
    code BLOB NOT NULL,
    user_code BLOB NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    address TEXT,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    polled INTEGER,
    pause INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    account BLOB,
    generation INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_expires ON devices (expires);
CREATE INDEX devices_address ON devices (address);
CREATE INDEX devices_client ON devices (client);
