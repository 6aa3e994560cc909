-- name: before_enqueue
SELECT (SELECT coalesce(max(seq), 0) FROM inbox), EXISTS (SELECT 1 FROM parked);

-- name: enqueue
INSERT INTO inbox (tenant, message_id, subscriber, key_kind, key_id, lane, attempts, place)
VALUES (?, ?, ?, ?, ?, ?, ?, 0)
ON CONFLICT DO NOTHING;

-- name: park_newcomers
UPDATE inbox INDEXED BY inbox_pending SET place = 1
WHERE place = 0 AND seq > ?
    AND (tenant, subscriber, key_kind, key_id) IN (
        SELECT tenant, subscriber, key_kind, key_id FROM parked
    );

-- name: park
INSERT INTO parked (tenant, subscriber, key_kind, key_id, why, parked_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET why = excluded.why, parked_at = excluded.parked_at;

-- name: park_steps
UPDATE inbox SET place = 1
WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ? AND place = 0;

-- name: release
DELETE FROM parked WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ?
RETURNING 1;

-- name: release_steps
UPDATE inbox SET place = 0
WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ? AND place = 1;

-- name: claim
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM inbox AS i INDEXED BY inbox_pending
CROSS JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.place = 0
ORDER BY i.seq
LIMIT ?;

-- name: claim_lanes
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM inbox AS i INDEXED BY inbox_pending
CROSS JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.place = 0 AND i.lane IN (SELECT value FROM json_each(?))
ORDER BY i.seq
LIMIT ?;

-- name: finish
UPDATE inbox SET place = 2, revision = ?, handled_at = ?, facts = ? WHERE seq = ?;

-- name: finish_at_once
INSERT INTO inbox (
    tenant, message_id, subscriber, key_kind, key_id, lane, attempts, place, revision, handled_at,
    facts
)
VALUES (?, ?, ?, ?, ?, ?, ?, 2, ?, ?, ?);

-- name: any_parked
SELECT 1 FROM parked LIMIT 1;

-- name: held_back
SELECT tenant, subscriber, key_kind, key_id FROM parked
WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ?;

-- name: try_alone
UPDATE inbox SET attempts = attempts + 1 WHERE seq = ? RETURNING attempts;

-- name: forgive
UPDATE inbox SET attempts = 0 WHERE seq = ?;

-- name: pending
SELECT (SELECT count(*) FROM inbox INDEXED BY inbox_pending WHERE place = 0)
    + (SELECT count(*) FROM inbox INDEXED BY inbox_parked WHERE place = 1);

-- name: pending_of
SELECT (SELECT count(*) FROM inbox INDEXED BY inbox_pending WHERE place = 0 AND tenant = ?1)
    + (SELECT count(*) FROM inbox INDEXED BY inbox_parked WHERE place = 1 AND tenant = ?1);

-- name: parked
SELECT subscriber, key_kind, key_id FROM parked WHERE tenant = ?
ORDER BY subscriber, key_kind, key_id;

-- name: handled
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends,
    i.revision, i.handled_at, i.facts
FROM inbox AS i
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.tenant = ? AND i.subscriber = ? AND i.key_kind = ? AND i.key_id = ? AND i.place = 2
ORDER BY i.seq;

-- name: unhandled
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM inbox AS i
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.tenant = ? AND i.subscriber = ? AND i.key_kind = ? AND i.key_id = ? AND i.place < 2
ORDER BY i.seq;
