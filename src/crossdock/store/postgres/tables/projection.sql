-- name: find
SELECT tenant, kind, key, body, terms, updated_at, revision
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (tenant, kind, key)
JOIN projection USING (tenant, kind, key);

-- name: put
-- key: 1 2 3
WITH put AS (
    INSERT INTO projection (tenant, kind, key, body, terms, updated_at, revision)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::bigint[]
    )
    ON CONFLICT (tenant, kind, key) DO UPDATE SET
        body = excluded.body,
        terms = excluded.terms,
        updated_at = excluded.updated_at,
        revision = excluded.revision
    WHERE projection.revision = excluded.revision - 1
    RETURNING 1
)
SELECT stale() WHERE (SELECT count(*) FROM put) < cardinality($3::text[]);

-- name: drop
-- key: 1 2 3
DELETE FROM projection AS p
USING unnest($1::text[], $2::text[], $3::text[]) AS gone (tenant, kind, key)
WHERE p.tenant = gone.tenant AND p.kind = gone.kind AND p.key = gone.key
RETURNING p.tenant, p.kind, p.key, p.terms;

-- name: index
-- key: 1 2 3 4 5
INSERT INTO projection_index (tenant, kind, name, value, key)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT DO NOTHING;

-- name: unindex
-- key: 1 2 3 4 5
DELETE FROM projection_index AS term
USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS gone (tenant, kind, name, value, key)
WHERE term.tenant = gone.tenant AND term.kind = gone.kind AND term.name = gone.name
    AND term.value = gone.value AND term.key = gone.key;

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
