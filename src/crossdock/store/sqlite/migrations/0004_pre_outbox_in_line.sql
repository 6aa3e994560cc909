-- The index of what others may wait behind, without a list in its condition: SQLite makes a table of
-- a list of three, at every row it writes, to look a status up in it.

CREATE INDEX outbox_in_line ON outbox (tenant, sequence_key, seq)
    WHERE sequence_key <> '' AND status <> 'applied' AND status <> 'waived'
        AND status <> 'superseded';
