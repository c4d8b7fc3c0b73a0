-- The order of the audit: every leaf of an organisation gets a place in its Merkle tree (RFC 6962), and
-- each growth of the tree is signed. Written by the sequencer alone, some moments after the acts.

-- What has no place yet. Found by looking for leaves without a place it would take longer with every leaf.
CREATE TABLE audit_waiting (
  organisation_id uuid NOT NULL,
  at_ms bigint NOT NULL,
  leaf_id uuid NOT NULL,
  -- Of which table the leaf is.
  kind text NOT NULL CHECK (kind ~ '^[a-z]{1,20}$'),
  PRIMARY KEY (at_ms, organisation_id, leaf_id)
);
COMMENT ON TABLE audit_waiting IS 'Leaves of the audit that have no place in the tree yet. Nearly always empty.';
CREATE INDEX audit_waiting_by_leaf ON audit_waiting (organisation_id, leaf_id);

CREATE TABLE audit_place (
  organisation_id uuid NOT NULL,
  -- Counted from 0, without a gap.
  place bigint NOT NULL CHECK (place >= 0),
  kind text NOT NULL CHECK (kind ~ '^[a-z]{1,20}$'),
  leaf_id uuid NOT NULL,
  -- The parts of the tree that this leaf completes: its own hash, and one of each level above it.
  hashes bytea NOT NULL CHECK (octet_length(hashes) > 0 AND octet_length(hashes) % 32 = 0),
  PRIMARY KEY (organisation_id, place)
);
COMMENT ON TABLE audit_place IS 'Which leaf stands where, and the tree over them.';
CREATE UNIQUE INDEX audit_place_of_leaf ON audit_place (organisation_id, leaf_id);

CREATE TABLE audit_head (
  organisation_id uuid NOT NULL,
  -- Leaves of the tree then.
  size bigint NOT NULL CHECK (size > 0),
  -- A checkpoint of the tree, signed: with its origin, its root, its time and the head before it.
  note text NOT NULL CHECK (length(note) <= 4000),
  PRIMARY KEY (organisation_id, size)
);
COMMENT ON TABLE audit_head IS 'Signed heads of the tree. They are kept outside the database as well.';

CREATE FUNCTION await_audit_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_waiting (organisation_id, at_ms, leaf_id, kind)
    SELECT organisation_id, at_ms, id, TG_ARGV[0] FROM added;
  RETURN NULL;
END $$;
CREATE TRIGGER await_place AFTER INSERT ON audit_leaf
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_audit_place('act');

-- Those of before get their places when the server starts.
INSERT INTO audit_waiting (organisation_id, at_ms, leaf_id, kind)
  SELECT organisation_id, at_ms, id, 'act' FROM audit_leaf;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['audit_waiting', 'audit_place', 'audit_head'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I FOR SELECT
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['audit_place', 'audit_head'] LOOP
    EXECUTE format(
      'CREATE POLICY line_adds ON %I FOR INSERT WITH CHECK ((SELECT scope_is_line()))', name);
    EXECUTE format(
      'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
         FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', name);
  END LOOP;
END $$;
CREATE POLICY own_organisation_adds ON audit_waiting FOR INSERT
  WITH CHECK (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
CREATE POLICY line_takes ON audit_waiting FOR DELETE USING ((SELECT scope_is_line()));

-- A third lock beside policies and triggers, which a slip in one of them does not open.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_leaf, audit_place, audit_head FROM CURRENT_USER;
REVOKE UPDATE, TRUNCATE ON audit_waiting FROM CURRENT_USER;
