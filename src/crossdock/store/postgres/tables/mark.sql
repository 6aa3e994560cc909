-- name: set
INSERT INTO mark (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: find
SELECT value FROM mark WHERE name = $1;
