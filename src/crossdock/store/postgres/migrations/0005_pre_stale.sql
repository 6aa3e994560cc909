-- Who was slower is told by the server: what is behind it in the same breath is not done, so that a
-- transaction's last statements and its COMMIT need no answer in between.

CREATE OR REPLACE FUNCTION stale() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'another transaction was faster' USING ERRCODE = 'serialization_failure';
END
$$;
