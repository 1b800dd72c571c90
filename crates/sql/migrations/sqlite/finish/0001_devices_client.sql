-- No statement was ever helped by it.
DROP INDEX IF EXISTS devices_client;
