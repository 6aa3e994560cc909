-- name: set
INSERT INTO timer (
    tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    due_at = excluded.due_at,
    correlation_id = excluded.correlation_id,
    message_id = excluded.message_id;

-- name: cancel
DELETE FROM timer
WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ? AND name = ?;

-- name: due
SELECT tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
FROM timer WHERE due_at <= ?
ORDER BY due_at, tenant, subscriber, key_kind, key_id, name
LIMIT ?;

-- name: find
SELECT tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
FROM timer WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ?
ORDER BY due_at, name;

-- name: next
SELECT min(due_at) FROM timer;
