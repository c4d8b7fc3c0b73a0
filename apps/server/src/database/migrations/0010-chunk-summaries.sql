-- A chunk says beside its block what its block holds, sealed like it, so that a chart of a year opens
-- no block; and it says whether it is still to be merged with its neighbours.

ALTER TABLE chunk ADD COLUMN summary bytea;
ALTER TABLE chunk ALTER COLUMN summary SET STORAGE EXTERNAL;
ALTER TABLE chunk ADD COLUMN closed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN chunk.summary IS 'Count, least, greatest, sum, first, last and roll-ups of the block, sealed; null in chunks of before.';
COMMENT ON COLUMN chunk.closed IS 'Large enough: merged again only when something overlaps it.';

-- What is still to be merged: a few dozen rows a series, however long the series is.
CREATE INDEX chunk_open ON chunk (series_id) WHERE NOT closed;

-- Every small chunk is deleted once its readings are in a larger one. The room is used again soon.
ALTER TABLE chunk SET (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
  toast.autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_vacuum_threshold = 4000
);
