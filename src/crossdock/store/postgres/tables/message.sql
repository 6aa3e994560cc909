-- name: append
WITH added AS (
    INSERT INTO message (
        tenant, id, type, schema, body, correlation_id, causation_id, received_at, origin,
        document_id, bound_kind, bound_id, amends
    )
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::text[], $7::text[],
        $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]
    )
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING tenant, id, type
), counted AS (
    INSERT INTO message_count AS c (tenant, type, count, writer)
    SELECT tenant, type, count(*), current_setting('crossdock.writer')::bigint
    FROM added
    GROUP BY tenant, type
    ORDER BY tenant, type
    ON CONFLICT (tenant, type, writer) DO UPDATE SET count = c.count + excluded.count
)
SELECT tenant, id FROM added;

-- name: append_new
-- As `append`, and fails where one is there already.
WITH added AS (
    INSERT INTO message (
        tenant, id, type, schema, body, correlation_id, causation_id, received_at, origin,
        document_id, bound_kind, bound_id, amends
    )
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::text[], $7::text[],
        $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]
    )
    RETURNING tenant, type
)
INSERT INTO message_count AS c (tenant, type, count, writer)
SELECT tenant, type, count(*), current_setting('crossdock.writer')::bigint
FROM added
GROUP BY tenant, type
ORDER BY tenant, type
ON CONFLICT (tenant, type, writer) DO UPDATE SET count = c.count + excluded.count;

-- name: find
SELECT m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends
FROM unnest($1::text[], $2::text[]) AS asked (tenant, id)
JOIN message AS m USING (tenant, id);

-- name: find_caused
SELECT m.tenant, m.id, m.type, m.schema, m.body, m.correlation_id, m.causation_id, m.received_at,
    m.origin, m.document_id, m.bound_kind, m.bound_id, m.amends, m.seq
FROM unnest($1::text[], $2::text[]) AS asked (tenant, causation_id)
JOIN message AS m USING (tenant, causation_id)
WHERE m.causation_id <> '';

-- name: counts
SELECT type, sum(count)::bigint FROM message_count WHERE tenant = $1 GROUP BY type ORDER BY type;
