-- name: find
SELECT tenant, kind, key, body, terms, updated_at, revision
FROM projection WHERE tenant = ? AND kind = ? AND key = ?;

-- name: put
INSERT INTO projection (tenant, kind, key, body, terms, updated_at, revision)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    body = excluded.body,
    terms = excluded.terms,
    updated_at = excluded.updated_at,
    revision = excluded.revision
WHERE projection.revision = excluded.revision - 1;

-- name: drop
DELETE FROM projection WHERE tenant = ? AND kind = ? AND key = ?
RETURNING tenant, kind, key, terms;

-- name: index
INSERT INTO projection_index (tenant, kind, name, value, key) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: unindex
DELETE FROM projection_index
WHERE tenant = ? AND kind = ? AND name = ? AND value = ? AND key = ?;

-- name: list
SELECT tenant, kind, key, body, terms, updated_at, revision
FROM projection WHERE tenant = ? AND kind = ? AND key > ?
ORDER BY key
LIMIT ?;

-- name: how_many
SELECT count(*) FROM (
    SELECT 1 FROM projection_index
    WHERE tenant = ? AND kind = ? AND name = ? AND value = ?
    LIMIT 1000
);

-- name: list_where
SELECT p.tenant, p.kind, p.key, p.body, p.terms, p.updated_at, p.revision
FROM projection_index AS rarest
CROSS JOIN projection AS p
    ON p.tenant = rarest.tenant AND p.kind = rarest.kind AND p.key = rarest.key
WHERE rarest.tenant = ?1 AND rarest.kind = ?2 AND rarest.name = ?3 AND rarest.value = ?4
    AND rarest.key > ?5
    AND NOT EXISTS (
        SELECT 1 FROM json_each(?6) AS asked
        WHERE NOT EXISTS (
            SELECT 1 FROM projection_index AS term
            WHERE term.tenant = ?1 AND term.kind = ?2
                AND term.name = asked.key AND term.value = asked.value
                AND term.key = rarest.key
        )
    )
ORDER BY rarest.key
LIMIT ?7;
