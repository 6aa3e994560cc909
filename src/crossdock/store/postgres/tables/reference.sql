-- name: put
-- key: 1 2 3 4 5 6
INSERT INTO reference (
    tenant, type, issuer, value, key_kind, key_id, folded, routable, correlation_id
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::bigint[], $9::text[]
)
ON CONFLICT (tenant, type, issuer, value, key_kind, key_id) DO UPDATE SET
    routable = excluded.routable,
    correlation_id = excluded.correlation_id;

-- name: routes
SELECT found.*
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    AS asked (tenant, type, issuer, value)
CROSS JOIN LATERAL (
    SELECT r.tenant, r.type, r.issuer, r.value, r.key_kind, r.key_id, r.routable, r.correlation_id
    FROM reference AS r
    WHERE r.tenant = asked.tenant AND r.type = asked.type AND r.issuer = asked.issuer
        AND r.value = asked.value AND r.routable = 1
    LIMIT 2
) AS found;

-- name: search
SELECT tenant, type, issuer, value, key_kind, key_id, routable, correlation_id
FROM reference WHERE tenant = $1 AND folded = $2
ORDER BY type, issuer, value, key_kind, key_id;

-- name: of_key
SELECT tenant, type, issuer, value, key_kind, key_id, routable, correlation_id
FROM reference WHERE tenant = $1 AND key_kind = $2 AND key_id = $3
ORDER BY type, issuer, value;
