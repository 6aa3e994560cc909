-- States, views and pictures are larger than 2 kB, and are written again and again: lz4 packs them
-- in a fraction of the time that PostgreSQL's own packing takes. What is packed already stays as it
-- is, and is read as ever. A server that was built without lz4 goes on as before.

DO $$
BEGIN
    ALTER TABLE process ALTER COLUMN state SET COMPRESSION lz4;
    ALTER TABLE projection ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE message ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE outbox ALTER COLUMN request SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
