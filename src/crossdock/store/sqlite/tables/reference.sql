-- name: put
INSERT INTO reference (
    tenant, type, issuer, value, key_kind, key_id, folded, routable, correlation_id
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    routable = excluded.routable,
    correlation_id = excluded.correlation_id;

-- name: routes
SELECT tenant, type, issuer, value, key_kind, key_id, routable, correlation_id
FROM reference
WHERE tenant = ? AND type = ? AND issuer = ? AND value = ? AND routable = 1
LIMIT 2;

-- name: search
SELECT tenant, type, issuer, value, key_kind, key_id, routable, correlation_id
FROM reference WHERE tenant = ? AND folded = ?
ORDER BY type, issuer, value, key_kind, key_id;

-- name: of_key
SELECT tenant, type, issuer, value, key_kind, key_id, routable, correlation_id
FROM reference WHERE tenant = ? AND key_kind = ? AND key_id = ?
ORDER BY type, issuer, value;
