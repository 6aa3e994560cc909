-- name: keep_chunk
-- The content of a document that is there stays; each has a piece at least.
INSERT INTO raw_chunk (tenant, document_id, number, packing, content)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
    AS piece (tenant, document_id, number, packing, content)
WHERE NOT EXISTS (
    SELECT 1 FROM raw_chunk AS kept
    WHERE kept.tenant = piece.tenant AND kept.document_id = piece.document_id
)
ON CONFLICT DO NOTHING;

-- name: keep
-- key: 1 2
INSERT INTO raw_document (
    tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[]
)
ON CONFLICT (tenant, id) DO UPDATE SET status = excluded.status, findings = excluded.findings;

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
