-- name: ask
INSERT INTO outbox (
    tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
    $15::bytea[], $16::bigint[], $17::bigint[], $18::text[], $19::bigint[], $20::bigint[],
    $21::bigint[], $22::bigint[], $23::text[], $24::text[]
)
ON CONFLICT DO NOTHING;

-- name: drop
UPDATE outbox SET status = 'superseded', said = $1, finished_at = $2
WHERE tenant = $3 AND verb = $4 AND business_key = $5 AND version = $6
    AND status IN ('waiting', 'refused') AND (status = 'refused' OR attempts = 0)
RETURNING id;

-- name: due
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox AS asked
WHERE tenant = $1 AND endpoint = $2 AND ready_at <= $3 AND ready_at IS NOT NULL
    AND (
        sequence_key = ''
        OR NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.tenant = asked.tenant AND earlier.sequence_key = asked.sequence_key
                AND earlier.sequence_key <> ''
                AND earlier.status NOT IN ('applied', 'waived', 'superseded')
                AND earlier.seq < asked.seq
        )
    )
ORDER BY seq
LIMIT $4
FOR UPDATE OF asked SKIP LOCKED;

-- name: lease
-- key: 2
UPDATE outbox AS o SET status = 'leased', lease_until = taken.until, fence = o.fence + 1
FROM unnest($1::bigint[], $2::bigint[]) AS taken (until, seq)
WHERE o.seq = taken.seq;

-- name: settle
-- key: 1 2 3
UPDATE outbox AS o SET
    status = ended.status,
    due_at = ended.due_at,
    attempts = ended.attempts,
    lease_until = ended.lease_until,
    finished_at = ended.finished_at,
    document = ended.document,
    said = ended.said
FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[]
) AS ended (
    tenant, id, fence, status, due_at, attempts, lease_until, finished_at, document, said
)
WHERE o.tenant = ended.tenant AND o.id = ended.id AND o.fence = ended.fence
RETURNING o.tenant, o.id, o.fence;

-- name: rewrite
UPDATE outbox SET
    status = $1,
    due_at = $2,
    attempts = $3,
    lease_until = $4,
    finished_at = $5,
    document = $6,
    said = $7,
    owner = $8,
    request = $9,
    fence = fence + 1
WHERE tenant = $10 AND id = $11;

-- name: doubt
UPDATE outbox
SET status = 'unknown', due_at = $1, lease_until = NULL, said = $2, fence = fence + 1
WHERE ready_at IS NOT NULL
RETURNING 1;

-- name: find
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (tenant, id, number)
JOIN outbox USING (tenant, id)
ORDER BY asked.number;

-- name: find_asker
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox
WHERE tenant = $1 AND subscriber = $2 AND key_kind = $3 AND key_id = $4
ORDER BY seq;

-- name: standing
SELECT tenant, id, endpoint, verb, business_key, version, idempotency_key, sequence_key, subscriber,
    key_kind, key_id, message_id, correlation_id, owner, request, created_at, due_at, status,
    attempts, fence, lease_until, finished_at, document, said, seq
FROM outbox
WHERE tenant = $1 AND endpoint = $2 AND verb = $3 AND status = $4
ORDER BY seq
LIMIT $5;

-- name: counts
SELECT endpoint, verb, status, count(*) FROM outbox WHERE tenant = $1
GROUP BY endpoint, verb, status
ORDER BY endpoint, verb, status;

-- name: oldest_waiting
SELECT endpoint, min(created_at) FROM outbox
WHERE tenant = $1 AND ready_at IS NOT NULL
GROUP BY endpoint
ORDER BY endpoint;

-- name: next_effect
SELECT ready_at FROM outbox AS asked
WHERE tenant = $1 AND endpoint = $2 AND ready_at IS NOT NULL
    AND (
        sequence_key = ''
        OR NOT EXISTS (
            SELECT 1 FROM outbox AS earlier
            WHERE earlier.tenant = asked.tenant AND earlier.sequence_key = asked.sequence_key
                AND earlier.sequence_key <> ''
                AND earlier.status NOT IN ('applied', 'waived', 'superseded')
                AND earlier.seq < asked.seq
        )
    )
ORDER BY ready_at
LIMIT 1;
