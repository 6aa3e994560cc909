-- name: expect
INSERT INTO expected_ack (tenant, endpoint, number, outbox_id, due_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, endpoint, number) DO UPDATE SET
    outbox_id = excluded.outbox_id,
    due_at = excluded.due_at;
