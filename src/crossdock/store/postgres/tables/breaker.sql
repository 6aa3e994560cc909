-- name: save
INSERT INTO breaker (
    tenant, endpoint, state, generation, failures, open_until, probe_until, changed_at
)
SELECT $1, $2, $3, $4, $5, $6::bigint, $7::bigint, $8::bigint
WHERE $9 = coalesce((SELECT generation FROM breaker WHERE tenant = $1 AND endpoint = $2), 0)
ON CONFLICT (tenant, endpoint) DO UPDATE SET
    state = excluded.state,
    generation = excluded.generation,
    failures = excluded.failures,
    open_until = excluded.open_until,
    probe_until = excluded.probe_until,
    changed_at = excluded.changed_at
WHERE breaker.generation = $9
RETURNING 1;

-- name: find
SELECT state, generation, failures, open_until, probe_until, changed_at
FROM breaker WHERE tenant = $1 AND endpoint = $2;
