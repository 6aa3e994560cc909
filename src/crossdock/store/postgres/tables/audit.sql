-- name: log
INSERT INTO audit (tenant, at, actor, action, subject, reason, detail)
SELECT * FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[]
);

-- name: list
SELECT tenant, at, actor, action, subject, reason, detail, seq
FROM audit WHERE tenant = $1
ORDER BY seq DESC
LIMIT $2;

-- name: list_subject
SELECT tenant, at, actor, action, subject, reason, detail, seq
FROM audit WHERE tenant = $1 AND subject = $2
ORDER BY seq DESC
LIMIT $3;
