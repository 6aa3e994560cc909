-- name: keep
INSERT INTO rule_book (tenant, digest, content) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: list
SELECT digest, content FROM rule_book WHERE tenant = ? ORDER BY digest;
