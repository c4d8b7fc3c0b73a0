-- Who lies where, as bedside feeds and admission systems say it.

CREATE TABLE stay (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  changed_ms bigint NOT NULL,
  -- The bed, the visit, what may be taken back, and other numbers of the same person.
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id)
);
COMMENT ON TABLE stay IS 'Where a subject lies now, or that it lies nowhere; sealed under its key.';
ALTER TABLE stay ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE movement (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  message_id text NOT NULL CHECK (length(message_id) BETWEEN 1 AND 200),
  what text NOT NULL CHECK (what ~ '^[a-z][a-z-]{1,39}$'),
  at_ms bigint NOT NULL,
  received_ms bigint NOT NULL,
  PRIMARY KEY (subject_id, message_id)
);
COMMENT ON TABLE movement IS 'Messages about a subject that were applied: the same message again changes nothing.';
CREATE INDEX movement_by_message ON movement (message_id);

CREATE TABLE bed_device (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  bed_sealed bytea NOT NULL,
  PRIMARY KEY (device_id)
);
COMMENT ON TABLE bed_device IS 'The bed at which a device stands, as it said last; sealed under the organisation''s key.';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['stay', 'movement', 'bed_device'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
