-- name: set
-- key: 1 2 3 4 5
INSERT INTO timer (
    tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
    $8::text[]
)
ON CONFLICT (tenant, subscriber, key_kind, key_id, name) DO UPDATE SET
    due_at = excluded.due_at,
    correlation_id = excluded.correlation_id,
    message_id = excluded.message_id;

-- name: cancel
-- key: 1 2 3 4 5
DELETE FROM timer AS t
USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS gone (tenant, subscriber, key_kind, key_id, name)
WHERE t.tenant = gone.tenant AND t.subscriber = gone.subscriber AND t.key_kind = gone.key_kind
    AND t.key_id = gone.key_id AND t.name = gone.name;

-- name: due
SELECT tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
FROM timer WHERE due_at <= $1
ORDER BY due_at, tenant, subscriber, key_kind, key_id, name
LIMIT $2
FOR UPDATE SKIP LOCKED;

-- name: find
SELECT tenant, subscriber, key_kind, key_id, name, due_at, correlation_id, message_id
FROM timer WHERE tenant = $1 AND subscriber = $2 AND key_kind = $3 AND key_id = $4
ORDER BY due_at, name;

-- name: next
SELECT min(due_at) FROM timer;
