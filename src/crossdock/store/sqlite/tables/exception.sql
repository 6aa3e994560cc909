-- name: open
INSERT INTO exception (
    tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, NULL, '', '', ?, ?, ?)
ON CONFLICT DO UPDATE SET
    kind = excluded.kind,
    subject = excluded.subject,
    code = excluded.code,
    team = excluded.team,
    cause = excluded.cause,
    action = excluded.action,
    opened_at = CASE status WHEN 'open' THEN opened_at ELSE excluded.opened_at END,
    owner = CASE status WHEN 'open' THEN owner ELSE excluded.owner END,
    count = CASE status WHEN 'open' THEN count ELSE 0 END + excluded.count,
    status = 'open',
    about = excluded.about,
    seen = excluded.seen,
    closed_at = NULL,
    closed_by = '',
    closed_because = '',
    message_id = excluded.message_id,
    document_id = excluded.document_id,
    correlation_id = excluded.correlation_id;

-- name: about_before
SELECT about FROM exception WHERE tenant = ? AND id = ?;

-- name: forget_about
DELETE FROM exception_about WHERE tenant = ? AND number = ? AND exception_id = ?;

-- name: note_about
INSERT INTO exception_about (tenant, number, exception_id) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: close
UPDATE exception SET status = ?, closed_by = ?, closed_because = ?, closed_at = ?
WHERE tenant = ? AND id = ? AND status = 'open'
RETURNING 1;

-- name: assign
UPDATE exception SET owner = ? WHERE tenant = ? AND id = ?;

-- name: list
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception
WHERE tenant = ?1
    AND (?2 IS NULL OR status = ?2)
    AND (?3 IS NULL OR team = ?3)
    AND (
        ?4 IS NULL
        OR id IN (SELECT exception_id FROM exception_about WHERE tenant = ?1 AND number = ?4)
    )
    AND (?5 IS NULL OR subject = ?5)
    AND (
        ?6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = ?1 AND id = ?6)
    )
ORDER BY opened_at, id
LIMIT ?7;

-- name: find
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception WHERE tenant = ? AND id >= ? AND id < ?
ORDER BY id
LIMIT 2;

-- name: counts
SELECT team, code, count(*) FROM exception WHERE tenant = ? AND status = 'open'
GROUP BY team, code
ORDER BY team, code;
