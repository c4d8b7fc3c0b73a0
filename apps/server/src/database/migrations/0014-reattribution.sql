-- Who wore a device when, corrected after the fact: what is to be moved, and how far that has come.

CREATE TABLE reattribution (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  id uuid NOT NULL,
  from_subject_id uuid NOT NULL,
  to_subject_id uuid NOT NULL,
  from_ms bigint NOT NULL,
  until_ms bigint,
  ordered_ms bigint NOT NULL,
  ordered_by uuid,
  stage text NOT NULL DEFAULT 'moving' CHECK (stage IN ('moving', 'telling', 'done')),
  values_moved bigint NOT NULL DEFAULT 0 CHECK (values_moved >= 0),
  done_ms bigint,
  PRIMARY KEY (device_id, id),
  CHECK (until_ms > from_ms),
  CHECK (from_subject_id <> to_subject_id)
);
COMMENT ON TABLE reattribution IS 'A span of a device that is another subject''s than was thought: a row for each pair of subjects, done one after the other.';
CREATE INDEX reattribution_under_way ON reattribution (ordered_ms) WHERE stage <> 'done';
CREATE INDEX reattribution_from ON reattribution (from_subject_id);
CREATE INDEX reattribution_to ON reattribution (to_subject_id);

ALTER TABLE reattribution ENABLE ROW LEVEL SECURITY;
ALTER TABLE reattribution FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON reattribution
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
