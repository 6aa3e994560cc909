-- The server itself sees by which terms a read-model row is found, so that what was there before need
-- not be brought over to be compared. `written` is a row's `terms`, [[name, value], ...]; the picture
-- of a NUL stands for it, as in every text.

CREATE OR REPLACE FUNCTION terms_in(written text)
RETURNS TABLE (name text, value text) LANGUAGE sql IMMUTABLE AS $$
    SELECT term ->> 0, term ->> 1
    FROM json_array_elements(
        CASE
            WHEN strpos(written, '\u0000') = 0 THEN written
            ELSE regexp_replace(written, '(?<!\\)((?:\\\\)*)\\u0000', '\1' || chr(9216), 'g')
        END::json
    ) AS term
$$;
