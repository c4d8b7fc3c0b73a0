-- Erasure: whose a parked message is, holds that forbid it, and which keys were destroyed.

ALTER TABLE parked ADD COLUMN subject_id uuid;
COMMENT ON COLUMN parked.subject_id IS 'Whose key sealed it: who wore the device at its receipt; null for the organisation''s key.';

CREATE TABLE legal_hold (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id uuid NOT NULL,
  reason_sealed bytea NOT NULL,
  placed_by uuid,
  placed_ms bigint NOT NULL,
  released_by uuid,
  released_ms bigint,
  PRIMARY KEY (subject_id, id),
  CHECK (released_ms >= placed_ms)
);
COMMENT ON TABLE legal_hold IS 'While one is not released, its subject cannot be erased; its reason is sealed under the subject''s key.';

CREATE TABLE erasure (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  erased_ms bigint NOT NULL,
  signed text NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (subject_id)
);
COMMENT ON TABLE erasure IS 'A second copy of the list of destroyed keys, whose first is beside the key store, with the receipts.';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['legal_hold', 'erasure'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
