-- name: keep
INSERT INTO raw_document (
    tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[]
)
ON CONFLICT (tenant, id) DO NOTHING
RETURNING tenant, id;

-- name: keep_again
-- key: 3 4
UPDATE raw_document AS d SET status = again.status, findings = again.findings
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    AS again (status, findings, tenant, id)
WHERE d.tenant = again.tenant AND d.id = again.id;

-- name: keep_chunk
INSERT INTO raw_chunk (tenant, document_id, number, packing, content)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
ON CONFLICT DO NOTHING;

-- name: find
SELECT tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
FROM raw_document WHERE tenant = $1 AND id = $2;

-- name: list
SELECT tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
FROM raw_document WHERE tenant = $1 AND ($2 = '' OR id < $2)
ORDER BY id DESC
LIMIT $3;

-- name: last_heard
SELECT endpoint, max(received_at) FROM raw_document WHERE tenant = $1
GROUP BY endpoint
ORDER BY endpoint;

-- name: chunks
SELECT packing, content FROM raw_chunk WHERE tenant = $1 AND document_id = $2
ORDER BY number;
