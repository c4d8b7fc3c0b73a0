-- A small site's chunks are few: the room of those that were merged is used again before it shows.
ALTER TABLE chunk SET (autovacuum_vacuum_threshold = 500, toast.autovacuum_vacuum_threshold = 500);
