-- Write-back: daily summaries of a patient in another FHIR server. What is to be said is made of the readings
-- when it is sent; what is kept here is whose, of which day, and what was said last.

CREATE TABLE write_back_patient (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  destination text NOT NULL CHECK (destination ~ '^[a-z][a-z0-9-]{0,39}$'),
  -- looking: not yet asked who it is there; unmatched: nobody for certain, see reason; withdrawn: nothing more.
  state text NOT NULL CHECK (state IN ('looking', 'found', 'unmatched', 'withdrawn')),
  reason text CHECK (reason ~ '^[a-z][a-z-]{1,59}$'),
  -- When it was last asked who it is there.
  looked_ms bigint,
  changed_ms bigint NOT NULL,
  -- From which day, in which zone, and who it is there.
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id, destination)
);
COMMENT ON TABLE write_back_patient IS 'Of whom summaries go to which destination, by somebody''s decision.';
ALTER TABLE write_back_patient ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE write_back_day (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  destination text NOT NULL,
  day text NOT NULL CHECK (day ~ '^\d{4}-\d{2}-\d{2}$'),
  -- Another number each time something of the day has changed: what was sent of the one before is no answer.
  revision bigint NOT NULL DEFAULT 1,
  since_ms bigint NOT NULL,
  due_ms bigint NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  -- refused: the destination will not take it as it is, and somebody has to look.
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'refused')),
  reason text CHECK (length(reason) BETWEEN 1 AND 200),
  PRIMARY KEY (subject_id, destination, day)
);
COMMENT ON TABLE write_back_day IS 'Days whose summary is to be made and compared with what was sent; a queue, without anything of what was measured.';
CREATE INDEX write_back_day_due ON write_back_day (destination, day, subject_id) WHERE state = 'waiting';

CREATE TABLE write_back_sent (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  destination text NOT NULL,
  day text NOT NULL,
  metric text NOT NULL,
  sent_ms bigint NOT NULL,
  -- It was not found there as it was sent: sent again the next time.
  is_doubted boolean NOT NULL DEFAULT false,
  -- The Observation as it was taken.
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id, destination, day, metric)
);
COMMENT ON TABLE write_back_sent IS 'What a destination has been told of a patient, as it was told last.';
CREATE INDEX write_back_sent_by_destination ON write_back_sent (destination, sent_ms);
ALTER TABLE write_back_sent ALTER COLUMN sealed SET STORAGE EXTERNAL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['write_back_patient', 'write_back_day', 'write_back_sent'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
