-- Audit: each act leaves a leaf in its own transaction. Leaves have no order and no chain here: a
-- sequencer orders, chains and signs them afterwards, in tables of its own that name a leaf by its id,
-- so that no act waits for another.

CREATE TABLE audit_leaf (
  organisation_id uuid NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  at_ms bigint NOT NULL,
  -- Null for a program without an account.
  account_id uuid,
  act text NOT NULL CHECK (act ~ '^[a-z][a-z-]{1,59}$'),
  target text NOT NULL CHECK (target ~ '^[a-z][a-z-]{1,39}(/[A-Za-z0-9._:-]{1,64})?$'),
  -- Whoever knows the rest of a leaf cannot guess from its hash what the sealed part says.
  salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    CHECK (octet_length(salt) = 32),
  -- Under the key of the subject that it is about: an erasure ends it, and the leaf stays.
  detail_sealed bytea,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE audit_leaf IS 'Who did what to whom and when, by pseudonymous ids, written with the act itself and never changed.';
CREATE INDEX audit_leaf_by_time ON audit_leaf (organisation_id, at_ms DESC);
CREATE INDEX audit_leaf_by_target ON audit_leaf (organisation_id, target, at_ms DESC);
ALTER TABLE audit_leaf ALTER COLUMN detail_sealed SET STORAGE EXTERNAL;

-- To be read and added to; with no policy for them, nothing is there to update or to delete.
ALTER TABLE audit_leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON audit_leaf FOR SELECT
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
CREATE POLICY own_organisation_adds ON audit_leaf FOR INSERT
  WITH CHECK (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));

-- Said aloud as well: a statement that finds no rows would look as if it had worked.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was audited stays' USING ERRCODE = 'insufficient_privilege', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
