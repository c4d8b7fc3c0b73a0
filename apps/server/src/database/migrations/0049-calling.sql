-- Who is called for an alarm, and who was: policies, who is on, how far each call is, and what was sent to whom.
-- Rows of an alarm hold ids alone: no name, no finding, no value.

CREATE TABLE call_policy (
  organisation_id uuid NOT NULL REFERENCES organisation,
  version integer NOT NULL CHECK (version > 0),
  -- JSON, as it was written.
  policy text NOT NULL CHECK (length(policy) <= 200000),
  made_by uuid,
  made_ms bigint NOT NULL,
  PRIMARY KEY (organisation_id, version)
);
COMMENT ON TABLE call_policy IS 'Who is called for an alarm, when and by what; the newest version holds.';

CREATE TABLE duty_turn (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  duty text NOT NULL CHECK (duty ~ '^[a-z][a-z0-9-]{0,39}$'),
  -- Null: wherever somebody lies.
  unit text CHECK (length(unit) BETWEEN 1 AND 50),
  from_ms bigint NOT NULL,
  -- Null: until it is ended.
  until_ms bigint CHECK (until_ms > from_ms),
  -- The turn that it took over.
  after_id uuid,
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE duty_turn IS 'Who is on for a duty, where, and from when until when.';
CREATE INDEX duty_turn_of ON duty_turn (organisation_id, duty, from_ms);

CREATE TABLE call_address (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  -- Under the organisation's key: mail address and number.
  sealed bytea NOT NULL,
  PRIMARY KEY (organisation_id, account_id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE call_address IS 'By which addresses a person wants to be called.';

-- Written with the alarm itself: what is owed has a row, and the row a time at which it is looked at.
CREATE TABLE alarm_call (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  alarm_id text NOT NULL CHECK (length(alarm_id) BETWEEN 1 AND 200),
  priority text NOT NULL CHECK (priority IN ('medium', 'high')),
  since_ms bigint NOT NULL,
  due_ms bigint NOT NULL,
  looked_ms bigint NOT NULL,
  -- JSON of how far it is; null: nobody was called yet.
  call text,
  -- Rounds so far: none is given twice, also when the alarm is owed once more.
  round integer NOT NULL DEFAULT 0,
  -- Of the policy by which it was looked at last.
  version integer,
  -- Since when no tier of it reaches anybody.
  unreached_ms bigint,
  -- Null while it is owed.
  ended_ms bigint,
  PRIMARY KEY (subject_id, alarm_id)
);
COMMENT ON TABLE alarm_call IS 'How far the calling for an owed alarm is, and when it is looked at next.';
CREATE INDEX alarm_call_due ON alarm_call (due_ms) WHERE ended_ms IS NULL;

CREATE TABLE notification (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  alarm_id text NOT NULL CHECK (length(alarm_id) BETWEEN 1 AND 200),
  tier integer NOT NULL CHECK (tier >= 0),
  round integer NOT NULL CHECK (round > 0),
  -- 'account/…', or 'house' for a gateway that calls by itself.
  recipient text NOT NULL CHECK (recipient ~ '^(house|account/[0-9a-f-]{36})$'),
  channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 60),
  -- Made of the above: whoever gets it twice knows it.
  id text NOT NULL UNIQUE CHECK (length(id) = 32),
  state text NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'superseded', 'stopped')),
  made_ms bigint NOT NULL,
  tried_ms bigint NOT NULL,
  next_ms bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  fault text CHECK (length(fault) <= 300),
  sent_ms bigint,
  seen_ms bigint,
  answered_ms bigint,
  PRIMARY KEY (subject_id, alarm_id, tier, round, recipient, channel)
);
COMMENT ON TABLE notification IS 'What is sent of an alarm to whom, by which channel: again and again until it is taken.';
CREATE INDEX notification_waiting ON notification (next_ms) WHERE state = 'waiting';
CREATE INDEX notification_untaken ON notification (organisation_id, made_ms DESC)
  WHERE state = 'refused' OR (state = 'waiting' AND attempts > 0);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['call_policy', 'duty_turn', 'call_address', 'alarm_call', 'notification'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
