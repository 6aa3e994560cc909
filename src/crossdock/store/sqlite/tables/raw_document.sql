-- name: keep
INSERT INTO raw_document (
    tenant, id, endpoint, document, received_at, content_type, sha256, status, findings, parent_id,
    retention
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: keep_again
UPDATE raw_document SET status = ?, findings = ? WHERE tenant = ? AND id = ?;

-- name: keep_chunk
INSERT INTO raw_chunk (tenant, document_id, number, packing, content) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: find
SELECT tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
FROM raw_document WHERE tenant = ? AND id = ?;

-- name: list
SELECT tenant, id, endpoint, document, received_at, content_type, sha256, status, findings,
    parent_id, retention
FROM raw_document WHERE tenant = ?1 AND (?2 = '' OR id < ?2)
ORDER BY id DESC
LIMIT ?3;

-- name: last_heard
SELECT endpoint, max(received_at) FROM raw_document WHERE tenant = ?
GROUP BY endpoint
ORDER BY endpoint;

-- name: chunks
SELECT packing, content FROM raw_chunk WHERE tenant = ? AND document_id = ?
ORDER BY number;
