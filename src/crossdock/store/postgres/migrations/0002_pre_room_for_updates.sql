-- Rows that change often find room on their own page: they are written anew beside themselves, and no
-- index has to learn of it.

ALTER TABLE process SET (fillfactor = 70);
ALTER TABLE projection SET (fillfactor = 70);
