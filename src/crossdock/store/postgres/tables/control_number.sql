-- name: take
INSERT INTO control_number AS c (tenant, endpoint, level, taken)
VALUES ($1, $2, $3, $4::bigint + 1)
ON CONFLICT (tenant, endpoint, level) DO UPDATE SET taken = greatest(c.taken, $4) + 1
RETURNING taken;

-- name: highest
SELECT coalesce(max(taken), 0) FROM control_number;
