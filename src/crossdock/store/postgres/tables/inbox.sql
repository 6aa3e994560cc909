-- A parked key is locked until the steps added for it are committed, so that whoever releases it
-- finds them. A key parked at the same moment is not seen here: a claim leaves its steps out.

-- name: enqueue
WITH waiting AS (
    SELECT tenant, subscriber, key_kind, key_id
    FROM parked
    WHERE (tenant, subscriber, key_kind, key_id) IN (
        SELECT * FROM unnest($1::text[], $3::text[], $4::text[], $5::text[])
    )
    FOR KEY SHARE
), added AS (
    INSERT INTO inbox (tenant, message_id, subscriber, key_kind, key_id, lane, attempts)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]
    )
    ON CONFLICT (tenant, subscriber, key_kind, key_id, message_id) DO NOTHING
    RETURNING lane, seq, tenant, subscriber, key_kind, key_id
)
INSERT INTO pending (lane, place, seq)
SELECT lane, CASE WHEN waiting.tenant IS NULL THEN 0 ELSE 1 END, seq
FROM added
LEFT JOIN waiting USING (tenant, subscriber, key_kind, key_id);

-- name: park
INSERT INTO parked (tenant, subscriber, key_kind, key_id, why, parked_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, subscriber, key_kind, key_id) DO UPDATE SET
    why = excluded.why,
    parked_at = excluded.parked_at;

-- name: park_steps
UPDATE pending AS p SET place = 1
FROM inbox AS i
WHERE i.tenant = $1 AND i.subscriber = $2 AND i.key_kind = $3 AND i.key_id = $4
    AND p.lane = i.lane AND p.place = 0 AND p.seq = i.seq;

-- name: release
DELETE FROM parked WHERE tenant = $1 AND subscriber = $2 AND key_kind = $3 AND key_id = $4
RETURNING 1;

-- name: release_steps
UPDATE pending AS p SET place = 0
FROM inbox AS i
WHERE i.tenant = $1 AND i.subscriber = $2 AND i.key_kind = $3 AND i.key_id = $4
    AND p.lane = i.lane AND p.place = 1 AND p.seq = i.seq;

-- name: claim
-- Mostly nothing waits: then no lane is looked into.
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM (
    SELECT mine.seq
    FROM generate_series(0, 63) AS asked (lane)
    CROSS JOIN LATERAL (
        SELECT waiting.seq
        FROM pending AS waiting
        JOIN inbox AS step ON step.seq = waiting.seq
        WHERE waiting.lane = asked.lane::bigint AND waiting.place = 0
            AND NOT EXISTS (
                SELECT 1 FROM parked
                WHERE parked.tenant = step.tenant AND parked.subscriber = step.subscriber
                    AND parked.key_kind = step.key_kind AND parked.key_id = step.key_id
            )
        ORDER BY waiting.seq
        LIMIT $1
    ) AS mine
    ORDER BY mine.seq
    LIMIT $1
) AS claimed
JOIN inbox AS i ON i.seq = claimed.seq
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE EXISTS (SELECT 1 FROM pending WHERE lane >= 0)
ORDER BY claimed.seq;

-- name: claim_lanes
-- As `claim`.
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM (
    SELECT mine.seq
    FROM json_array_elements_text($1::text::json) AS asked (lane)
    CROSS JOIN LATERAL (
        SELECT waiting.seq
        FROM pending AS waiting
        JOIN inbox AS step ON step.seq = waiting.seq
        WHERE waiting.lane = asked.lane::bigint AND waiting.place = 0
            AND NOT EXISTS (
                SELECT 1 FROM parked
                WHERE parked.tenant = step.tenant AND parked.subscriber = step.subscriber
                    AND parked.key_kind = step.key_kind AND parked.key_id = step.key_id
            )
        ORDER BY waiting.seq
        LIMIT $2
    ) AS mine
    ORDER BY mine.seq
    LIMIT $2
) AS claimed
JOIN inbox AS i ON i.seq = claimed.seq
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE EXISTS (SELECT 1 FROM pending WHERE lane >= 0)
ORDER BY claimed.seq;

-- name: finish
-- key: 4
WITH handled AS (
    UPDATE inbox AS i SET
        revision = done.revision,
        handled_at = done.handled_at,
        facts = done.facts
    FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[])
        AS done (revision, handled_at, facts, seq)
    WHERE i.seq = done.seq
    RETURNING i.lane, i.seq
)
DELETE FROM pending AS p
USING handled
WHERE p.lane = handled.lane AND p.place IN (0, 1) AND p.seq = handled.seq;

-- name: finish_at_once
INSERT INTO inbox (
    tenant, message_id, subscriber, key_kind, key_id, lane, attempts, revision, handled_at, facts
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::bigint[], $10::bytea[]
);

-- name: held_back
SELECT tenant, subscriber, key_kind, key_id
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    AS asked (tenant, subscriber, key_kind, key_id)
JOIN parked USING (tenant, subscriber, key_kind, key_id);

-- name: try_alone
UPDATE inbox SET attempts = attempts + 1 WHERE seq = $1 RETURNING attempts;

-- name: forgive
UPDATE inbox SET attempts = 0 WHERE seq = $1;

-- name: pending
SELECT count(*) FROM pending;

-- name: pending_of
SELECT count(*) FROM pending JOIN inbox USING (seq) WHERE inbox.tenant = $1;

-- name: any_parked
SELECT 1 FROM parked LIMIT 1;

-- name: parked
SELECT subscriber, key_kind, key_id FROM parked WHERE tenant = $1
ORDER BY subscriber, key_kind, key_id;

-- name: handled
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends,
    i.revision, i.handled_at, i.facts
FROM inbox AS i
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.tenant = $1 AND i.subscriber = $2 AND i.key_kind = $3 AND i.key_id = $4
    AND i.handled_at IS NOT NULL
ORDER BY i.revision, i.handled_at, i.seq;

-- name: unhandled
SELECT i.tenant, i.message_id, i.subscriber, i.key_kind, i.key_id, i.lane, i.seq, i.attempts,
    m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM inbox AS i
JOIN message AS m ON m.tenant = i.tenant AND m.id = i.message_id
WHERE i.tenant = $1 AND i.subscriber = $2 AND i.key_kind = $3 AND i.key_id = $4
    AND i.handled_at IS NULL
ORDER BY i.seq;
