-- name: take
INSERT INTO control_number (tenant, endpoint, level, taken)
VALUES (?1, ?2, ?3, ?4 + 1)
ON CONFLICT DO UPDATE SET taken = max(taken, ?4) + 1
RETURNING taken;

-- name: highest
SELECT coalesce(max(taken), 0) FROM control_number;
