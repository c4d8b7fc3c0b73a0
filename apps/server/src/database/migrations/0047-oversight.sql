-- What somebody who keeps the audit should look at: hints made of the audit of reads, and whether whoever
-- answers for privacy has been told. Ids alone: no name, and nothing of what was read.

CREATE TABLE unusual_access (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind ~ '^[a-z-]{1,20}$'),
  account_id uuid NOT NULL,
  -- Null where it is about no single record.
  subject_id uuid,
  -- The day in Greenwich, by its first moment: the same twice in a day is one, until somebody reviews it.
  day_ms bigint NOT NULL,
  first_ms bigint NOT NULL,
  last_ms bigint NOT NULL CHECK (last_ms >= first_ms),
  -- Opened within an hour, and within its usual busy hour.
  records integer,
  usual integer,
  told_ms bigint,
  outcome text CHECK (outcome IN ('explained', 'followed-up')),
  reviewed_by uuid,
  reviewed_ms bigint CHECK ((reviewed_ms IS NULL) = (outcome IS NULL))
);
COMMENT ON TABLE unusual_access IS 'Accesses that somebody should look at, and what they have made of them.';
CREATE INDEX unusual_access_of ON unusual_access (organisation_id, last_ms DESC);
-- What comes after a review is a hint of its own.
CREATE UNIQUE INDEX unusual_access_open ON unusual_access
  (organisation_id, kind, account_id, subject_id, day_ms) NULLS NOT DISTINCT WHERE outcome IS NULL;

CREATE TABLE guarded_record (
  organisation_id uuid NOT NULL REFERENCES organisation,
  subject_id uuid NOT NULL,
  from_ms bigint NOT NULL,
  -- Null: until it is ended.
  until_ms bigint CHECK (until_ms >= from_ms),
  by_account_id uuid,
  PRIMARY KEY (subject_id, from_ms)
);
COMMENT ON TABLE guarded_record IS 'Records whose every look by somebody else is told to whoever keeps the audit.';

CREATE TABLE account_hour (
  organisation_id uuid NOT NULL REFERENCES organisation,
  account_id uuid NOT NULL,
  hour_ms bigint NOT NULL,
  records integer NOT NULL CHECK (records > 0),
  PRIMARY KEY (organisation_id, account_id, hour_ms)
);
COMMENT ON TABLE account_hour IS 'How many records an account opened in an hour: what is usual for it.';
CREATE INDEX account_hour_by_time ON account_hour (hour_ms);

-- How far the audit of reads was followed. What was read before there was this is not looked at.
CREATE TABLE oversight_place (
  organisation_id uuid PRIMARY KEY REFERENCES organisation,
  place bigint NOT NULL
);
COMMENT ON TABLE oversight_place IS 'The next place of the audit at which hints are looked for.';
INSERT INTO oversight_place (organisation_id, place)
  SELECT organisation_id, max(place) + 1 FROM audit_place GROUP BY organisation_id;

-- When whoever answers for privacy was told by mail; what was broken before there was this is told to nobody.
ALTER TABLE broken_glass ADD COLUMN told_ms bigint;
UPDATE broken_glass SET told_ms = from_ms;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['unusual_access', 'guarded_record', 'account_hour', 'oversight_place'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
