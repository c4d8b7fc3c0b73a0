-- Retention may leave the roll-ups of a chunk and let its block go.

ALTER TABLE chunk ALTER COLUMN sealed DROP NOT NULL;
ALTER TABLE chunk ADD CONSTRAINT chunk_says_something CHECK (sealed IS NOT NULL OR summary IS NOT NULL);
COMMENT ON COLUMN chunk.sealed IS 'The block, sealed; null where retention has left the summary alone.';
