-- name: find
SELECT tenant, kind, key, body, terms, updated_at, revision
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (tenant, kind, key)
JOIN projection USING (tenant, kind, key);

-- name: put_and_index
-- key: 1 2 3
-- A row that is equal already is no write; the index follows what was there before.
WITH asked AS (
    SELECT said.*, before.terms AS terms_before, coalesce(before.revision, 0) + 1 AS revision
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[])
        AS said (tenant, kind, key, body, terms, updated_at)
    LEFT JOIN projection AS before
        ON before.tenant = said.tenant AND before.kind = said.kind AND before.key = said.key
    WHERE before.revision IS NULL OR before.body <> said.body OR before.terms <> said.terms
), put AS (
    INSERT INTO projection (tenant, kind, key, body, terms, updated_at, revision)
    SELECT tenant, kind, key, body, terms, updated_at, revision FROM asked
    ON CONFLICT (tenant, kind, key) DO UPDATE SET
        body = excluded.body,
        terms = excluded.terms,
        updated_at = excluded.updated_at,
        revision = excluded.revision
    WHERE projection.revision = excluded.revision - 1
    RETURNING 1
), old AS (
    SELECT tenant, kind, name, value, key FROM asked, terms_in(terms_before)
    WHERE terms_before <> terms
), new AS (
    SELECT tenant, kind, name, value, key FROM asked, terms_in(terms)
    WHERE terms_before IS DISTINCT FROM terms
), unindexed AS (
    DELETE FROM projection_index AS term
    USING (TABLE old EXCEPT TABLE new) AS gone
    WHERE term.tenant = gone.tenant AND term.kind = gone.kind AND term.name = gone.name
        AND term.value = gone.value AND term.key = gone.key
), indexed AS (
    INSERT INTO projection_index (tenant, kind, name, value, key)
    TABLE new EXCEPT TABLE old
    ON CONFLICT DO NOTHING
)
SELECT stale() WHERE (SELECT count(*) FROM put) < (SELECT count(*) FROM asked);

-- name: drop_and_unindex
-- key: 1 2 3
WITH dropped AS (
    DELETE FROM projection AS p
    USING unnest($1::text[], $2::text[], $3::text[]) AS gone (tenant, kind, key)
    WHERE p.tenant = gone.tenant AND p.kind = gone.kind AND p.key = gone.key
    RETURNING p.tenant, p.kind, p.key, p.terms
)
DELETE FROM projection_index AS term
USING dropped, terms_in(dropped.terms) AS gone
WHERE term.tenant = dropped.tenant AND term.kind = dropped.kind AND term.name = gone.name
    AND term.value = gone.value AND term.key = dropped.key;

-- name: list
SELECT tenant, kind, key, body, terms, updated_at, revision
FROM projection WHERE tenant = $1 AND kind = $2 AND key > $3
ORDER BY key
LIMIT $4;

-- name: how_many
SELECT (
    SELECT count(*) FROM (
        SELECT 1 FROM projection_index AS term
        WHERE term.tenant = asked.tenant AND term.kind = asked.kind AND term.name = asked.name
            AND term.value = asked.value
        LIMIT 1000
    ) AS found
)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
    AS asked (tenant, kind, name, value, number)
ORDER BY asked.number;

-- name: list_where
SELECT p.tenant, p.kind, p.key, p.body, p.terms, p.updated_at, p.revision
FROM projection_index AS rarest
JOIN projection AS p
    ON p.tenant = rarest.tenant AND p.kind = rarest.kind AND p.key = rarest.key
WHERE rarest.tenant = $1 AND rarest.kind = $2 AND rarest.name = $3 AND rarest.value = $4
    AND rarest.key > $5
    AND NOT EXISTS (
        SELECT 1 FROM json_each_text($6::text::json) AS asked
        WHERE NOT EXISTS (
            SELECT 1 FROM projection_index AS term
            WHERE term.tenant = $1 AND term.kind = $2
                AND term.name = asked.key AND term.value = asked.value
                AND term.key = rarest.key
        )
    )
ORDER BY rarest.key
LIMIT $7;
