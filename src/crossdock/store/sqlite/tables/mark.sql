-- name: set
INSERT INTO mark (name, value) VALUES (?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value;

-- name: find
SELECT value FROM mark WHERE name = ?;
