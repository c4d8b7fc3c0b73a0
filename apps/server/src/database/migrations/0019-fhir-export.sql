-- Exports of FHIR resources in bulk. Kept are the names of what was there when one was asked for:
-- resources and their versions, and the patients whose readings belong to it. A file is made of the
-- documents themselves while it is fetched, so that nothing readable lies anywhere, and what is erased
-- meanwhile is in no file.

CREATE TABLE fhir_export (
  organisation_id uuid NOT NULL,
  id uuid NOT NULL,
  asked_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  -- Below the base: types and a group, and nobody's name.
  request text NOT NULL,
  -- Null: of every type.
  types text[],
  since_ms bigint,
  -- Whether records of patients are asked for, and of which: null for all.
  of_patients boolean NOT NULL,
  patients uuid[],
  -- How far it is prepared: by type, then by document, or by patient.
  at_type text NOT NULL,
  at_doc bigint NOT NULL,
  at_subject text NOT NULL,
  is_ready boolean NOT NULL,
  -- What was there and does not open, by type, id and version.
  unreadable text[] NOT NULL,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE fhir_export IS 'Exports in bulk that were asked for, until they expire.';
CREATE INDEX fhir_export_by_expiry ON fhir_export (expires_ms);

CREATE TABLE fhir_export_file (
  organisation_id uuid NOT NULL,
  export_id uuid NOT NULL,
  file int NOT NULL,
  type text NOT NULL,
  -- Of documents; of patients the ids alone, for they are told as they are known.
  ids text[] NOT NULL,
  versions bigint[] NOT NULL,
  -- Whose readings it has, where it has those.
  subject_id uuid,
  PRIMARY KEY (organisation_id, export_id, file),
  FOREIGN KEY (organisation_id, export_id) REFERENCES fhir_export (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE fhir_export_file IS 'What each file of an export holds, by name.';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['fhir_export', 'fhir_export_file'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
