-- name: start
INSERT INTO process (state, schema, revision, stage, updated_at, tenant, subscriber, key_kind, key_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: save
UPDATE process SET state = ?1, schema = ?2, revision = ?3, stage = ?4, updated_at = ?5
WHERE tenant = ?6 AND subscriber = ?7 AND key_kind = ?8 AND key_id = ?9 AND revision = ?3 - 1;

-- name: find
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM process WHERE tenant = ? AND subscriber = ? AND key_kind = ? AND key_id = ?;

-- name: list
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM process
WHERE tenant = ? AND subscriber = ? AND key_id > ?
ORDER BY key_id, key_kind
LIMIT ?;

-- name: list_stage
SELECT tenant, subscriber, key_kind, key_id, state, schema, revision, stage, updated_at
FROM process INDEXED BY process_stage
WHERE tenant = ? AND subscriber = ? AND stage = ? AND key_id > ?
ORDER BY key_id, key_kind
LIMIT ?;

-- name: stages
SELECT subscriber, stage, count(*), min(updated_at)
FROM process WHERE tenant = ?
GROUP BY subscriber, stage
ORDER BY subscriber, stage;
