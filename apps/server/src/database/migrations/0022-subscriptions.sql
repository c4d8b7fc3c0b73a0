-- Subscriptions: who is told of what, and the events that are to be told, numbered without a gap.

CREATE TABLE subscription (
  organisation_id uuid NOT NULL,
  id text NOT NULL CHECK (id ~ '^[A-Za-z0-9.-]{1,64}$'),
  -- Of the document that it follows.
  version bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('requested', 'active', 'error', 'off')),
  -- By which address the subscriber knows this server.
  base_url text,
  -- The resource, under the organisation's key: it is known at a start before any document can be read.
  sealed bytea NOT NULL,
  -- Whether events are kept for it: from the first handshake until it is turned off.
  is_begun boolean NOT NULL,
  last_event bigint NOT NULL DEFAULT 0,
  delivered bigint NOT NULL DEFAULT 0,
  failing_since_ms bigint,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON TABLE subscription IS 'What each Subscription asks for and how far it has been told; the row outlives the document, so that no number comes twice.';
ALTER TABLE subscription ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE subscription_event (
  organisation_id uuid NOT NULL,
  subscription_id text NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  at_ms bigint NOT NULL,
  -- Whose key seals it; null for the organisation's, and once the subject is erased.
  subject_id uuid,
  -- What may be told again by a replay or a retry is told once for each cause.
  cause text,
  -- Null once its subject is erased: the number stays.
  sealed bytea,
  PRIMARY KEY (organisation_id, subscription_id, number)
);
COMMENT ON TABLE subscription_event IS 'What a subscriber is told, written with what caused it, kept for a time.';
CREATE UNIQUE INDEX subscription_event_once ON subscription_event (organisation_id, subscription_id, cause);
CREATE INDEX subscription_event_of_subject ON subscription_event (subject_id);
CREATE INDEX subscription_event_by_time ON subscription_event (at_ms);
ALTER TABLE subscription_event ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- What was there before anybody could subscribe has been told; what comes is told once it is durable.
ALTER TABLE alarm_transition ADD COLUMN is_told boolean NOT NULL DEFAULT true;
ALTER TABLE alarm_transition ALTER COLUMN is_told SET DEFAULT false;
COMMENT ON COLUMN alarm_transition.is_told IS 'Whether subscriptions have been asked if they want to know.';
CREATE INDEX alarm_transition_untold ON alarm_transition (at_ms) WHERE NOT is_told;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['subscription', 'subscription_event'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
