-- name: expect
INSERT INTO expected_ack (tenant, endpoint, number, outbox_id, due_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET outbox_id = excluded.outbox_id, due_at = excluded.due_at;
