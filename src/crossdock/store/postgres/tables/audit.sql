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

-- name: after
SELECT tenant, at, actor, action, subject, reason, detail, seq, seal
FROM audit WHERE tenant = $1 AND seq > $2
ORDER BY seq
LIMIT $3;

-- name: seal
UPDATE audit SET seal = link.seal
FROM unnest($1::bytea[], $2::text[], $3::bigint[]) AS link (seal, tenant, seq)
WHERE audit.tenant = link.tenant AND audit.seq = link.seq AND audit.seal IS NULL;
