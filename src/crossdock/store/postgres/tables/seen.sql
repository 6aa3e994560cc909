-- name: remember
-- key: 1 2 3
INSERT INTO seen (tenant, endpoint, identity, hash, message_id, answer)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bytea[]
)
ON CONFLICT (tenant, endpoint, identity) DO NOTHING
RETURNING tenant, endpoint, identity;

-- name: find
SELECT s.tenant, s.endpoint, s.identity, s.hash, s.message_id, s.answer
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (tenant, endpoint, identity)
JOIN seen AS s USING (tenant, endpoint, identity);
