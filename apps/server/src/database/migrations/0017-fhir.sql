-- FHIR documents: what is said of a subject beside its readings. The content is sealed; what can be
-- searched is numbers made with a key (tokens, names of parameters), and times and amounts in clear.

-- 53 bits; a doc is the name of a document's index rows, and the order of pages, not of time.
CREATE SEQUENCE fhir_doc AS bigint MAXVALUE 9007199254740991 INCREMENT BY 1000 CACHE 1;

CREATE TABLE fhir_document (
  organisation_id uuid NOT NULL,
  type text NOT NULL CHECK (type ~ '^[A-Z][A-Za-z]{1,63}$'),
  id text NOT NULL CHECK (id ~ '^[A-Za-z0-9.-]{1,64}$'),
  doc bigint NOT NULL UNIQUE,
  version bigint NOT NULL CHECK (version > 0),
  updated_ms bigint NOT NULL,
  -- Whose key seals it; null for the organisation's.
  subject_id uuid,
  -- Null once it is deleted.
  sealed bytea,
  tokens bigint[] NOT NULL,
  -- By which rules it was indexed: 0 until it is.
  indexed smallint NOT NULL,
  PRIMARY KEY (organisation_id, type, id)
);
COMMENT ON TABLE fhir_document IS 'The newest version of each FHIR resource that was written here. Asked for by type and id, which do not tell the subject.';
CREATE INDEX fhir_document_tokens ON fhir_document USING gin (tokens);
CREATE INDEX fhir_document_in_order ON fhir_document (organisation_id, type, doc);
CREATE INDEX fhir_document_by_change ON fhir_document (organisation_id, updated_ms, doc);
CREATE INDEX fhir_document_of_subject ON fhir_document (subject_id);
CREATE INDEX fhir_document_not_indexed ON fhir_document (doc) WHERE indexed = 0;
ALTER TABLE fhir_document ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE fhir_history (
  organisation_id uuid NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  updated_ms bigint NOT NULL,
  subject_id uuid,
  sealed bytea,
  PRIMARY KEY (organisation_id, type, id, version)
);
COMMENT ON TABLE fhir_history IS 'The versions before the newest.';
CREATE INDEX fhir_history_by_change ON fhir_history (organisation_id, updated_ms);
CREATE INDEX fhir_history_of_subject ON fhir_history (subject_id);
ALTER TABLE fhir_history ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE fhir_copy (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  type text NOT NULL,
  id text NOT NULL,
  version bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id, type, id, version)
);
COMMENT ON TABLE fhir_copy IS 'A version that names several subjects, for each of them but the first: it outlives the erasure of another.';
ALTER TABLE fhir_copy ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE fhir_range (
  organisation_id uuid NOT NULL,
  doc bigint NOT NULL,
  -- Of the search parameter, with its unit where that counts.
  name bigint NOT NULL,
  low double precision NOT NULL,
  high double precision NOT NULL
);
COMMENT ON TABLE fhir_range IS 'Dates in milliseconds since 1970, numbers and quantities of the newest version, from low to high.';
CREATE INDEX fhir_range_of_doc ON fhir_range (doc, name);
CREATE INDEX fhir_range_by_low ON fhir_range (name, low);

CREATE TABLE fhir_reference (
  organisation_id uuid NOT NULL,
  doc bigint NOT NULL,
  name bigint NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL
);
COMMENT ON TABLE fhir_reference IS 'To which resources the newest version refers, by search parameter.';
CREATE INDEX fhir_reference_of_doc ON fhir_reference (doc, name);
CREATE INDEX fhir_reference_to ON fhir_reference (target_id, target_type, name);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'fhir_document', 'fhir_history', 'fhir_copy', 'fhir_range', 'fhir_reference'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
