-- name: open
-- key: 1 2
INSERT INTO exception AS e (
    tenant, id, kind, subject, code, team, cause, action, opened_at, owner, about, seen, count,
    message_id, document_id, correlation_id, status, closed_at, closed_by, closed_because
)
SELECT *, 'open', NULL, '', ''
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[],
    $16::text[]
)
ON CONFLICT (tenant, id) DO UPDATE SET
    kind = excluded.kind,
    subject = excluded.subject,
    code = excluded.code,
    team = excluded.team,
    cause = excluded.cause,
    action = excluded.action,
    opened_at = CASE e.status WHEN 'open' THEN e.opened_at ELSE excluded.opened_at END,
    owner = CASE e.status WHEN 'open' THEN e.owner ELSE excluded.owner END,
    count = CASE e.status WHEN 'open' THEN e.count ELSE 0 END + excluded.count,
    status = 'open',
    about = excluded.about,
    seen = excluded.seen,
    closed_at = NULL,
    closed_by = '',
    closed_because = '',
    message_id = excluded.message_id,
    document_id = excluded.document_id,
    correlation_id = excluded.correlation_id;

-- name: forget_about
DELETE FROM exception_about AS a
USING unnest($1::text[], $2::text[]) AS asked (tenant, exception_id)
WHERE a.tenant = asked.tenant AND a.exception_id = asked.exception_id;

-- name: note_about
INSERT INTO exception_about (tenant, number, exception_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING;

-- name: close
-- key: 5 6
UPDATE exception AS e SET
    status = closed.status,
    closed_by = closed.by,
    closed_because = closed.because,
    closed_at = closed.at
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
    AS closed (status, by, because, at, tenant, id)
-- IS TRUE keeps the plan at the rows' names: all open exceptions need not be looked through.
WHERE e.tenant = closed.tenant AND e.id = closed.id AND (e.status = 'open') IS TRUE
RETURNING 1;

-- name: assign
UPDATE exception SET owner = $1 WHERE tenant = $2 AND id = $3;

-- name: list
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception
WHERE tenant = $1
    AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR team = $3)
    AND ($4::text IS NULL OR subject = $4)
    AND $5::text IS NULL
    AND (
        $6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = $1 AND id = $6)
    )
ORDER BY opened_at, id
LIMIT $7;

-- name: list_open
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception
WHERE tenant = $1 AND status = 'open' AND status = $2
    AND ($3::text IS NULL OR team = $3)
    AND $4::text IS NULL
    AND $5::text IS NULL
    AND (
        $6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = $1 AND id = $6)
    )
ORDER BY opened_at, id
LIMIT $7;

-- name: list_subject
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception
WHERE tenant = $1 AND subject = $4
    AND ($2::text IS NULL OR status = $2)
    AND ($3::text IS NULL OR team = $3)
    AND $5::text IS NULL
    AND (
        $6 = ''
        OR (opened_at, id) > (SELECT opened_at, id FROM exception WHERE tenant = $1 AND id = $6)
    )
ORDER BY opened_at, id
LIMIT $7;

-- name: list_about
SELECT e.tenant, e.id, e.kind, e.subject, e.code, e.team, e.cause, e.action, e.opened_at, e.status,
    e.owner, e.about, e.seen, e.count, e.closed_at, e.closed_by, e.closed_because, e.message_id,
    e.document_id, e.correlation_id
FROM exception_about AS a
JOIN exception AS e ON e.tenant = a.tenant AND e.id = a.exception_id
WHERE a.tenant = $1 AND a.number = $5
    AND ($2::text IS NULL OR e.status = $2)
    AND ($3::text IS NULL OR e.team = $3)
    AND ($4::text IS NULL OR e.subject = $4)
    AND (
        $6 = ''
        OR (e.opened_at, e.id) > (
            SELECT opened_at, id FROM exception WHERE tenant = $1 AND id = $6
        )
    )
ORDER BY e.opened_at, e.id
LIMIT $7;

-- name: find
SELECT tenant, id, kind, subject, code, team, cause, action, opened_at, status, owner, about, seen,
    count, closed_at, closed_by, closed_because, message_id, document_id, correlation_id
FROM exception WHERE tenant = $1 AND id >= $2 AND id < $3
ORDER BY id
LIMIT 2;

-- name: counts
SELECT team, code, count(*) FROM exception WHERE tenant = $1 AND status = 'open'
GROUP BY team, code
ORDER BY team, code;
