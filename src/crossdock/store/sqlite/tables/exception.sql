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
FROM exception INDEXED BY exception_opened
WHERE tenant = ?1
    AND (?2 IS NULL OR status = ?2)
    AND (?3 IS NULL OR team = ?3)
    AND (?4 IS NULL OR subject = ?4)
    AND ?5 IS NULL
    AND (
        ?6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = ?1 AND id = ?6)
    )
ORDER BY opened_at, id
LIMIT ?7;

-- name: list_open
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception INDEXED BY exception_open
WHERE tenant = ?1 AND status = 'open' AND status = ?2
    AND (?3 IS NULL OR team = ?3)
    AND ?4 IS NULL
    AND ?5 IS NULL
    AND (
        ?6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = ?1 AND id = ?6)
    )
ORDER BY opened_at, id
LIMIT ?7;

-- name: list_subject
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception INDEXED BY exception_subject
WHERE tenant = ?1 AND subject = ?4
    AND (?2 IS NULL OR status = ?2)
    AND (?3 IS NULL OR team = ?3)
    AND ?5 IS NULL
    AND (
        ?6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = ?1 AND id = ?6)
    )
ORDER BY opened_at, id
LIMIT ?7;

-- name: list_about
SELECT e.tenant, e.id, e.kind, e.subject, e.code, e.team, e.cause, e.action, e.opened_at, e.status,
    e.owner, e.about, e.seen, e.count, e.closed_at, e.closed_by, e.closed_because, e.message_id,
    e.document_id, e.correlation_id
FROM exception_about AS a
CROSS JOIN exception AS e ON e.tenant = a.tenant AND e.id = a.exception_id
WHERE a.tenant = ?1 AND a.number = ?5
    AND (?2 IS NULL OR e.status = ?2)
    AND (?3 IS NULL OR e.team = ?3)
    AND (?4 IS NULL OR e.subject = ?4)
    AND (
        ?6 = ''
        OR (e.opened_at, e.id) > (
            SELECT opened_at, id FROM exception WHERE tenant = ?1 AND id = ?6
        )
    )
ORDER BY e.opened_at, e.id
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
