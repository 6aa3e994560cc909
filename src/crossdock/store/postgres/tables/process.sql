-- name: start
-- key: 6 7 8 9
WITH started AS (
    INSERT INTO process (
        state, schema, revision, stage, updated_at, tenant, subscriber, key_kind, key_id
    )
    SELECT * FROM unnest(
        $1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::text[]
    )
    ON CONFLICT (tenant, subscriber, key_id, key_kind) DO NOTHING
    RETURNING 1
)
SELECT stale() WHERE (SELECT count(*) FROM started) < cardinality($9::text[]);

-- name: save
-- key: 6 7 8 9
WITH saved AS (
    UPDATE process AS p SET
        state = moved.state,
        schema = moved.schema,
        revision = moved.revision,
        stage = moved.stage,
        updated_at = moved.updated_at
    FROM unnest(
        $1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[],
        $8::text[], $9::text[]
    ) AS moved (state, schema, revision, stage, updated_at, tenant, subscriber, key_kind, key_id)
    WHERE p.tenant = moved.tenant AND p.subscriber = moved.subscriber
        AND p.key_kind = moved.key_kind AND p.key_id = moved.key_id
        AND p.revision = moved.revision - 1
    RETURNING 1
)
SELECT stale() WHERE (SELECT count(*) FROM saved) < cardinality($9::text[]);

-- name: find
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
    AS asked (tenant, subscriber, key_kind, key_id)
JOIN process USING (tenant, subscriber, key_kind, key_id);

-- name: list
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM process
WHERE tenant = $1 AND subscriber = $2 AND key_id > $3
ORDER BY key_id, key_kind
LIMIT $4;

-- name: list_stage
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM process
WHERE tenant = $1 AND subscriber = $2 AND stage = $3 AND key_id > $4
ORDER BY key_id, key_kind
LIMIT $5;

-- name: stages
SELECT subscriber, stage, count(*), min(updated_at)
FROM process WHERE tenant = $1
GROUP BY subscriber, stage
ORDER BY subscriber, stage;
