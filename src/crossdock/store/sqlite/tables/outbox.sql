-- name: ask
INSERT INTO outbox (
    tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: drop
UPDATE outbox SET status = 'superseded', said = ?1, finished_at = ?2
WHERE tenant = ?3 AND verb = ?4 AND business_key = ?5 AND version = ?6
    AND status IN ('waiting', 'refused') AND (status = 'refused' OR attempts = 0)
RETURNING id;

-- name: due
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox AS asked INDEXED BY outbox_open
WHERE tenant = ?1 AND endpoint = ?2 AND ready_at <= ?3
    AND (
        sequence_key = ''
        OR NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.tenant = asked.tenant AND earlier.sequence_key = asked.sequence_key
                AND earlier.sequence_key <> ''
                AND earlier.status <> 'applied' AND earlier.status <> 'waived'
                AND earlier.status <> 'superseded'
                AND earlier.seq < asked.seq
        )
    )
ORDER BY seq
LIMIT ?4;

-- name: lease
UPDATE outbox SET status = 'leased', lease_until = ?, fence = fence + 1 WHERE seq = ?;

-- name: settle
UPDATE outbox
SET status = ?4, due_at = ?5, attempts = ?6, lease_until = ?7, finished_at = ?8, document = ?9,
    said = ?10
WHERE tenant = ?1 AND id = ?2 AND fence = ?3;

-- name: rewrite
UPDATE outbox
SET status = ?, due_at = ?, attempts = ?, lease_until = ?, finished_at = ?, document = ?, said = ?,
    owner = ?, request = ?, fence = fence + 1
WHERE tenant = ? AND id = ?;

-- name: doubt
UPDATE outbox INDEXED BY outbox_next
SET status = 'unknown', due_at = ?, lease_until = NULL, said = ?, fence = fence + 1
WHERE ready_at IS NOT NULL
RETURNING 1;

-- name: find
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox WHERE tenant = ? AND id = ?;

-- name: find_asker
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox
WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ?
ORDER BY seq;

-- name: standing
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox
WHERE tenant = ? AND endpoint = ? AND verb = ? AND status = ?
ORDER BY seq
LIMIT ?;

-- name: counts
SELECT endpoint, verb, status, count(*) FROM outbox WHERE tenant = ?
GROUP BY endpoint, verb, status
ORDER BY endpoint, verb, status;

-- name: oldest_waiting
SELECT endpoint, min(created_at) FROM outbox
WHERE tenant = ? AND ready_at IS NOT NULL
GROUP BY endpoint
ORDER BY endpoint;

-- name: next_effect
SELECT ready_at FROM outbox AS asked INDEXED BY outbox_next
WHERE tenant = ?1 AND endpoint = ?2 AND ready_at IS NOT NULL
    AND (
        sequence_key = ''
        OR NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.tenant = asked.tenant AND earlier.sequence_key = asked.sequence_key
                AND earlier.sequence_key <> ''
                AND earlier.status <> 'applied' AND earlier.status <> 'waived'
                AND earlier.status <> 'superseded'
                AND earlier.seq < asked.seq
        )
    )
ORDER BY ready_at
LIMIT 1;
