-- name: note
-- key: 1 2 3 4 5
INSERT INTO attempt (
    tenant, outbox_id, number, fence, purpose, started_at, finished_at, outcome, status, said
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
    $8::text[], $9::bigint[], $10::text[]
)
ON CONFLICT (tenant, outbox_id, fence, number, purpose) DO UPDATE SET
    finished_at = excluded.finished_at,
    outcome = excluded.outcome,
    status = excluded.status,
    said = excluded.said;

-- name: find
SELECT tenant, outbox_id, number, fence, purpose, started_at, finished_at, outcome, status, said
FROM attempt WHERE tenant = $1 AND outbox_id = $2
ORDER BY fence, number, purpose;
