-- name: bump
-- key: 1 2
INSERT INTO counter AS c (tenant, name, count, writer)
SELECT *, current_setting('crossdock.writer')::bigint
FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (tenant, name, writer) DO UPDATE SET count = c.count + excluded.count;

-- name: list
SELECT name, sum(count)::bigint FROM counter WHERE tenant = $1 GROUP BY name ORDER BY name;
