-- name: bump
INSERT INTO counter (tenant, name, count) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: list
SELECT name, count FROM counter WHERE tenant = ? ORDER BY name;
