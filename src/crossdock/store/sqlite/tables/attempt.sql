-- name: note
INSERT INTO attempt (
    tenant, outbox_id, number, fence, purpose, started_at, finished_at, outcome, status, said
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    finished_at = excluded.finished_at,
    outcome = excluded.outcome,
    status = excluded.status,
    said = excluded.said;

-- name: find
SELECT tenant, outbox_id, number, fence, purpose, started_at, finished_at, outcome, status, said
FROM attempt WHERE tenant = ? AND outbox_id = ?
ORDER BY fence, number, purpose;
