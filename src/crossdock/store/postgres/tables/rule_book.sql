-- name: keep
INSERT INTO rule_book (tenant, digest, content) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING;

-- name: list
SELECT digest, content FROM rule_book WHERE tenant = $1 ORDER BY digest;
