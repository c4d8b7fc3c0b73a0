-- A message of a device that nobody wore then can be placed once somebody says who did: what it was,
-- and what was thought of its device's clock when it came. Set while it waits for that.

ALTER TABLE parked
  ADD COLUMN kind text CHECK (kind IN ('readings', 'waveforms', 'events')),
  ADD COLUMN epoch integer CHECK (epoch >= 0),
  ADD COLUMN offset_ms double precision,
  ADD COLUMN shift_ms double precision,
  ADD CHECK ((kind IS NULL) = (epoch IS NULL));
CREATE INDEX parked_unclaimed ON parked (device_id, received_ms) WHERE kind IS NOT NULL;
