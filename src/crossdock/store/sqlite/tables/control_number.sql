-- name: take
INSERT INTO control_number (tenant, endpoint, level, taken) VALUES (?, ?, ?, 1)
ON CONFLICT DO UPDATE SET taken = taken + 1
RETURNING taken;
