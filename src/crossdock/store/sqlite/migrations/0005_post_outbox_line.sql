-- `outbox_in_line` has taken its place.

DROP INDEX outbox_line;
