-- The ground that every later table stands on.
--
-- Rules that hold here and in every migration after it:
--   * a table of subject data carries organisation_id, and row-level security is enabled and forced;
--   * its primary key begins with the partition or the subject (or the device, which is one
--     subject's at a time), and nothing refers from one subject to another, so that whole
--     partitions can move to other servers;
--   * no sequence is an order; times are integer milliseconds since 1970 in columns named ..._ms;
--   * what names a person or quotes a value is sealed before it comes here (columns named ..sealed).

-- The two scopes. Without either, a session sees and writes nothing at all.
CREATE FUNCTION scope_organisation() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('ausculta.organisation', true), '')::uuid;
COMMENT ON FUNCTION scope_organisation IS 'The one organisation that this transaction works for.';

CREATE FUNCTION scope_is_line() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('ausculta.scope', true) = 'line', false);
COMMENT ON FUNCTION scope_is_line IS 'Whether this session serves the devices of all organisations.';

-- Organisations and the people, programs and sessions that belong to them ------------------------

CREATE TABLE organisation (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organisation IS 'The tenant and controller: everything else belongs to one.';

CREATE TABLE account (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id uuid NOT NULL,
  login_name text NOT NULL UNIQUE CHECK (length(login_name) BETWEEN 1 AND 100),
  password_hash text NOT NULL,
  display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
  role text NOT NULL CHECK (role ~ '^[a-z][a-z-]{1,39}$'),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE account IS 'A person who signs in.';

CREATE TABLE session (
  organisation_id uuid NOT NULL,
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  account_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE session IS 'A signed-in browser; the token itself is only in its cookie.';
CREATE INDEX session_of_account ON session (organisation_id, account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE api_token (
  organisation_id uuid NOT NULL REFERENCES organisation,
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  label text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
  role text NOT NULL CHECK (role ~ '^[a-z][a-z-]{1,39}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE api_token IS 'A program that may call the API, such as the command line.';

-- Subjects, devices, and who wore what when -------------------------------------------------------

CREATE TABLE subject (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id uuid NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('patient', 'bed', 'asset', 'room', 'shipment', 'vehicle')),
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 255),
  category text NOT NULL DEFAULT 'unknown'
    CHECK (category IN ('adult', 'child', 'neonate', 'maternity', 'unknown')),
  paced text NOT NULL DEFAULT 'unknown' CHECK (paced IN ('yes', 'no', 'unknown')),
  identity_sealed bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE subject IS 'Who or what is measured; name, birth date, numbers and place are sealed.';
ALTER TABLE subject ALTER COLUMN identity_sealed SET STORAGE EXTERNAL;

CREATE TABLE device (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{1,63}$'),
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  model text NOT NULL CHECK (length(model) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz
);
COMMENT ON TABLE device IS 'What measures; its id is unique across organisations, because it travels in topics.';
CREATE INDEX device_of_organisation ON device (organisation_id, id);

CREATE TABLE device_assignment (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  subject_id uuid NOT NULL,
  valid_from_ms bigint NOT NULL,
  valid_until_ms bigint,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (device_id, valid_from_ms),
  CHECK (valid_until_ms > valid_from_ms)
);
COMMENT ON TABLE device_assignment IS 'Who wore a device when: spans [from, until) of corrected time, open while until is null.';
CREATE UNIQUE INDEX device_assignment_open ON device_assignment (device_id) WHERE valid_until_ms IS NULL;
CREATE INDEX device_assignment_of_subject ON device_assignment (subject_id, valid_from_ms);

-- An exclusion constraint on text and range needs an extension that not every server offers.
CREATE FUNCTION refuse_overlapping_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('device_assignment ' || NEW.device_id, 0));
  IF EXISTS (
    SELECT FROM device_assignment AS other
    WHERE other.device_id = NEW.device_id
      AND other.valid_from_ms <> NEW.valid_from_ms
      AND int8range(other.valid_from_ms, other.valid_until_ms) && int8range(NEW.valid_from_ms, NEW.valid_until_ms)
  ) THEN
    RAISE EXCEPTION 'a device is worn by one subject at a time'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'device_assignment_overlap', TABLE = 'device_assignment';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse_overlap AFTER INSERT OR UPDATE ON device_assignment
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_assignment();

CREATE TABLE clock_epoch (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  epoch integer NOT NULL CHECK (epoch >= 0),
  started_received_ms bigint NOT NULL,
  started_stamp_ms bigint NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 100),
  PRIMARY KEY (device_id, epoch)
);
COMMENT ON TABLE clock_epoch IS 'A stretch in which a device''s clock ran on without a reset or a step back.';

CREATE TABLE clock_offset (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  epoch integer NOT NULL,
  from_stamp_ms bigint NOT NULL,
  offset_ms bigint NOT NULL,
  uncertainty_ms bigint NOT NULL CHECK (uncertainty_ms >= 0),
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 100),
  PRIMARY KEY (device_id, epoch, from_stamp_ms)
);
COMMENT ON TABLE clock_offset IS 'What to add to a device''s stamps from one stamp on; applied when read, never to what is stored.';

-- Series and what is stored of them ---------------------------------------------------------------

-- 53 bits, so that an id is a JavaScript number. An id, never an order.
CREATE SEQUENCE series_id AS bigint MAXVALUE 9007199254740991 CACHE 1;

CREATE TABLE series (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id bigint NOT NULL UNIQUE DEFAULT nextval('series_id'),
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 255),
  device_id text NOT NULL,
  metric text NOT NULL CHECK (length(metric) BETWEEN 1 AND 100),
  epoch integer NOT NULL,
  PRIMARY KEY (subject_id, device_id, metric, epoch)
);
COMMENT ON TABLE series IS 'All readings of one metric, of one subject, by one device, in one clock epoch.';
ALTER SEQUENCE series_id OWNED BY series.id;

CREATE TABLE chunk (
  organisation_id uuid NOT NULL,
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 255),
  subject_id uuid NOT NULL,
  series_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('readings', 'waveform')),
  first_ms bigint NOT NULL,
  last_ms bigint NOT NULL,
  generation bigint NOT NULL,
  count integer NOT NULL CHECK (count > 0),
  bytes integer NOT NULL CHECK (bytes > 0),
  sealed bytea NOT NULL,
  PRIMARY KEY (partition, subject_id, series_id, first_ms, generation),
  CHECK (last_ms >= first_ms)
);
COMMENT ON TABLE chunk IS 'A closed part of a series: one sealed block; where two overlap, the later generation is read.';
CREATE INDEX chunk_by_time ON chunk (series_id, last_ms DESC, generation DESC);
ALTER TABLE chunk ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE detector_state (
  organisation_id uuid NOT NULL,
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 255),
  subject_id uuid NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (partition, subject_id)
);
COMMENT ON TABLE detector_state IS 'What a subject''s detectors remember, as of the partition''s checkpoint.';
ALTER TABLE detector_state ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE event (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id text NOT NULL CHECK (length(id) BETWEEN 1 AND 200),
  device_id text NOT NULL,
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z-]{1,39}$'),
  stamp_ms bigint,
  placed_ms bigint NOT NULL,
  received_ms bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (subject_id, id)
);
COMMENT ON TABLE event IS 'Something that happened rather than was measured; stamp is null when the device has no clock.';
CREATE INDEX event_by_time ON event (subject_id, placed_ms DESC);
ALTER TABLE event ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Alarms -----------------------------------------------------------------------------------------

CREATE TABLE alarm (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id text NOT NULL CHECK (length(id) BETWEEN 1 AND 200),
  rule_key text NOT NULL CHECK (length(rule_key) BETWEEN 1 AND 100),
  metric text NOT NULL CHECK (length(metric) BETWEEN 1 AND 100),
  priority text NOT NULL CHECK (priority IN ('low', 'medium', 'high')),
  condition text NOT NULL CHECK (condition IN ('present', 'absent')),
  episode text NOT NULL CHECK (episode IN ('raised', 'acknowledged', 'resolved')),
  opened_ms bigint NOT NULL,
  raised_ms bigint NOT NULL,
  condition_ended_ms bigint,
  acknowledged_ms bigint,
  acknowledged_by uuid,
  resolved_ms bigint,
  detail_sealed bytea,
  PRIMARY KEY (subject_id, id)
);
COMMENT ON TABLE alarm IS 'A condition and its episode, two facts that change separately.';
CREATE INDEX alarm_open ON alarm (organisation_id, raised_ms DESC) WHERE episode <> 'resolved' OR condition = 'present';
CREATE INDEX alarm_by_time ON alarm (organisation_id, raised_ms DESC);
ALTER TABLE alarm ALTER COLUMN detail_sealed SET STORAGE EXTERNAL;

CREATE TABLE alarm_transition (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  alarm_id text NOT NULL,
  cause text NOT NULL CHECK (length(cause) BETWEEN 1 AND 200),
  what text NOT NULL CHECK (length(what) BETWEEN 1 AND 100),
  at_ms bigint NOT NULL,
  PRIMARY KEY (subject_id, alarm_id, cause)
);
COMMENT ON TABLE alarm_transition IS 'What changed an alarm, once for each cause: a log position, a timer or a person''s act.';

-- What could not be read or placed ----------------------------------------------------------------

CREATE TABLE parked (
  -- Null when nobody knows whose it is; then only the line sees it.
  organisation_id uuid,
  id uuid PRIMARY KEY,
  device_id text,
  door text NOT NULL CHECK (door ~ '^[a-z][a-z0-9-]{1,39}$'),
  fault text NOT NULL CHECK (fault ~ '^[A-Z][A-Z_]{1,59}$'),
  detail text NOT NULL DEFAULT '' CHECK (length(detail) <= 500),
  message_id text NOT NULL CHECK (length(message_id) BETWEEN 1 AND 200),
  received_ms bigint NOT NULL,
  message_sealed bytea,
  expires_ms bigint NOT NULL,
  UNIQUE (device_id, message_id)
);
COMMENT ON TABLE parked IS 'A message that could not be decoded or placed, with its reason; the detail quotes no value and no name.';
CREATE INDEX parked_by_time ON parked (organisation_id, received_ms DESC);
CREATE INDEX parked_expiry ON parked (expires_ms);
ALTER TABLE parked ALTER COLUMN message_sealed SET STORAGE EXTERNAL;

-- The log's own book-keeping; its hourly tables are made as the hours come -------------------------

CREATE TABLE lane (
  lane smallint PRIMARY KEY CHECK (lane >= 0),
  fence bigint NOT NULL CHECK (fence >= 0)
);
COMMENT ON TABLE lane IS 'One accepting process''s way into the log; an older fence may not write.';

CREATE TABLE lease (
  partition smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 255),
  owner text NOT NULL,
  fence bigint NOT NULL CHECK (fence >= 0),
  until timestamptz NOT NULL
);
COMMENT ON TABLE lease IS 'Which consumer owns a partition, until when, and with which fence.';

CREATE TABLE checkpoint (
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 255),
  lane smallint NOT NULL CHECK (lane >= 0),
  sequence bigint NOT NULL CHECK (sequence >= 0),
  fence bigint NOT NULL CHECK (fence >= 0),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partition, lane)
);
COMMENT ON TABLE checkpoint IS 'How far of a lane a partition has been flushed to chunks; replay begins after it.';

-- Row-level security on all of them ---------------------------------------------------------------
-- The sub-selects make PostgreSQL ask for the scope once a query, not once a row.

ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON organisation
  USING (id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'account', 'session', 'api_token', 'subject', 'device', 'device_assignment', 'clock_epoch', 'clock_offset',
    'series', 'chunk', 'detector_state', 'event', 'alarm', 'alarm_transition', 'parked'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['lane', 'lease', 'checkpoint'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY line_only ON %I USING ((SELECT scope_is_line()))', name);
  END LOOP;
END $$;
