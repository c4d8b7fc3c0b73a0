-- One device hears what another measures: only where a person has said so, of one patient, for a while.

CREATE TABLE device_grant (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  from_device text NOT NULL,
  to_device text NOT NULL CHECK (to_device <> from_device),
  -- Who wore it when it was given: of whoever wears it afterwards nothing is heard.
  subject_id uuid NOT NULL,
  data_classes text[] NOT NULL CHECK (cardinality(data_classes) > 0
    AND data_classes <@ ARRAY['vitals', 'events']),
  from_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > from_ms),
  given_by uuid,
  withdrawn_ms bigint
);
COMMENT ON TABLE device_grant IS 'Which device may hear what another one measures of a subject, and until when.';
CREATE INDEX device_grant_of_subject ON device_grant (subject_id);

ALTER TABLE device_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON device_grant
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
