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
