-- How far a receiver elsewhere has the signed heads of the audit: what is still to be sent is known after any restart.

CREATE TABLE audit_told (
  organisation_id uuid NOT NULL,
  -- SHA-256 of its address: another receiver begins for itself.
  receiver text NOT NULL CHECK (receiver ~ '^[0-9a-f]{64}$'),
  -- The size of the last head that it has taken; it begins with the one that was the newest when it was set up.
  size bigint NOT NULL CHECK (size >= 0),
  -- When it took one last.
  told_ms bigint,
  -- That the database was put back: goes before everything else.
  restored text CHECK (length(restored) <= 4000),
  -- Since when it has taken nothing, how often it was tried, and what came instead.
  failing_ms bigint,
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  why text CHECK (length(why) <= 200),
  PRIMARY KEY (organisation_id, receiver)
);
COMMENT ON TABLE audit_told IS 'Which signed heads of the audit a receiver elsewhere has taken.';

ALTER TABLE audit_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_told FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON audit_told FOR SELECT
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
CREATE POLICY line_writes ON audit_told
  USING ((SELECT scope_is_line())) WITH CHECK ((SELECT scope_is_line()));
