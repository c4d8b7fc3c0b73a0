-- Who read what of whom. The entries of many requests are one leaf: each is durable before its answer leaves,
-- in a journal beside the database, and comes here within a second.

CREATE TABLE audit_read (
  organisation_id uuid NOT NULL,
  -- Made of the piece of the journal, so that nothing of it comes twice.
  id uuid NOT NULL,
  -- Of its first entry and its last.
  at_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms >= at_ms),
  count integer NOT NULL CHECK (count > 0),
  -- All that its entries name.
  subjects uuid[] NOT NULL,
  salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    CHECK (octet_length(salt) = 32),
  -- Lines of JSON, compressed: who, what act, by which route, when; pseudonymous ids, no value and no name.
  entries bytea NOT NULL,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE audit_read IS 'Who read what of whom and why, by pseudonymous ids; added before the answer leaves, and never changed.';
CREATE INDEX audit_read_by_time ON audit_read (organisation_id, at_ms DESC);
ALTER TABLE audit_read ALTER COLUMN entries SET STORAGE EXTERNAL;

CREATE TABLE audit_access (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  -- The head under which entries that name the subject got their places.
  size bigint NOT NULL,
  PRIMARY KEY (organisation_id, subject_id, size)
);
COMMENT ON TABLE audit_access IS 'Where in the audit the accesses to a subject are; made of audit_read when it is placed.';

CREATE TRIGGER await_place AFTER INSERT ON audit_read
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_audit_place('reads');

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_read', 'audit_access'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I FOR SELECT
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
    EXECUTE format(
      'CREATE POLICY line_adds ON %I FOR INSERT WITH CHECK ((SELECT scope_is_line()))', name);
    EXECUTE format(
      'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', name);
  END LOOP;
END $$;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_read, audit_access FROM CURRENT_USER;
