-- name: remember
INSERT INTO seen (tenant, endpoint, identity, hash, message_id, answer) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: find
SELECT tenant, endpoint, identity, hash, message_id, answer
FROM seen WHERE tenant = ? AND endpoint = ? AND identity = ?;
