-- Which protocol watches whom: versions that never change, which of them is followed, for whom, and overrides of one patient.

CREATE TABLE protocol_version (
  organisation_id uuid NOT NULL,
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
  version integer NOT NULL CHECK (version >= 1),
  -- Rules and limits: of nobody in particular.
  protocol jsonb NOT NULL,
  reason text CHECK (length(reason) BETWEEN 1 AND 1000),
  made_ms bigint NOT NULL,
  made_by uuid,
  PRIMARY KEY (organisation_id, key, version)
);
COMMENT ON TABLE protocol_version IS 'Versions of protocols: added, and never changed.';

CREATE TABLE protocol_followed (
  organisation_id uuid NOT NULL,
  key text NOT NULL,
  version integer NOT NULL,
  chosen_ms bigint NOT NULL,
  chosen_by uuid,
  PRIMARY KEY (organisation_id, key),
  FOREIGN KEY (organisation_id, key, version) REFERENCES protocol_version
);
COMMENT ON TABLE protocol_followed IS 'Which version of a protocol is followed by whoever has it.';

CREATE TABLE protocol_assignment (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  -- One patient, all who lie in a ward, or all of a category.
  subject_id uuid,
  ward text CHECK (length(ward) BETWEEN 1 AND 200),
  category text CHECK (category IN ('adult', 'child', 'neonate', 'maternity')),
  key text NOT NULL,
  spo2_scale smallint NOT NULL CHECK (spo2_scale IN (1, 2)),
  begun_ms bigint NOT NULL,
  begun_by uuid,
  ended_ms bigint,
  ended_by uuid,
  CHECK (num_nonnulls(subject_id, ward, category) = 1)
);
COMMENT ON TABLE protocol_assignment IS 'Who is watched by which protocol, since when and until when.';
CREATE INDEX protocol_assignment_of_subject ON protocol_assignment (subject_id);

CREATE TABLE protocol_override (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id uuid NOT NULL,
  -- The rule, the change, the author and the reason, under the key of the patient.
  sealed bytea NOT NULL,
  author_id uuid,
  from_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > from_ms),
  ended_ms bigint,
  ended_by uuid,
  PRIMARY KEY (subject_id, id)
);
COMMENT ON TABLE protocol_override IS 'What is otherwise for one patient, until when.';

ALTER TABLE protocol_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE protocol_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON protocol_version FOR SELECT
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
-- No policy lets anybody change or delete one.
CREATE POLICY line_adds ON protocol_version FOR INSERT WITH CHECK ((SELECT scope_is_line()));

ALTER TABLE protocol_followed ENABLE ROW LEVEL SECURITY;
ALTER TABLE protocol_followed FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON protocol_followed
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));

ALTER TABLE protocol_assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE protocol_assignment FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON protocol_assignment
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));

ALTER TABLE protocol_override ENABLE ROW LEVEL SECURITY;
ALTER TABLE protocol_override FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON protocol_override
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
