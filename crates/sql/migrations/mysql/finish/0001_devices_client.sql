-- No statement was ever helped by it. MySQL has no DROP INDEX IF EXISTS, and this may be run again.
SET @sql = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'devices' AND index_name = 'devices_client') > 0,
    'DROP INDEX devices_client ON devices',
    'DO 0'
);
PREPARE statement FROM @sql;
EXECUTE statement;
DEALLOCATE PREPARE statement;
