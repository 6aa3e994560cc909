-- name: log
INSERT INTO audit (tenant, at, actor, action, subject, reason, detail)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: list
SELECT tenant, at, actor, action, subject, reason, detail, seq
FROM audit WHERE tenant = ?
ORDER BY seq DESC
LIMIT ?;

-- name: list_subject
SELECT tenant, at, actor, action, subject, reason, detail, seq
FROM audit WHERE tenant = ? AND subject = ?
ORDER BY seq DESC
LIMIT ?;

-- name: after
SELECT tenant, at, actor, action, subject, reason, detail, seq, seal
FROM audit WHERE tenant = ? AND seq > ?
ORDER BY seq
LIMIT ?;

-- name: seal
UPDATE audit SET seal = ? WHERE tenant = ? AND seq = ? AND seal IS NULL;
