-- name: append
INSERT INTO message (
    tenant, id, type, schema, body, correlation_id, causation_id, received_at, origin,
    document_id, bound_kind, bound_id, amends
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: count
INSERT INTO message_count (tenant, type, count) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: find
SELECT tenant, id, type, schema, body, correlation_id, causation_id, received_at, origin,
    document_id, bound_kind, bound_id, amends
FROM message WHERE tenant = ? AND id = ?;

-- name: find_caused
SELECT tenant, id, type, schema, body, correlation_id, causation_id, received_at, origin,
    document_id, bound_kind, bound_id, amends, seq
FROM message WHERE tenant = ? AND causation_id = ? AND causation_id <> '';

-- name: counts
SELECT type, count FROM message_count WHERE tenant = ? ORDER BY type;
