-- The ledger of disclosures: what of whom left the house, to whom, for what and by what right. An entry is of one
-- person, recipient and day. It names nobody: it stays when the person is erased, as the audit does.

CREATE TABLE disclosure (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  -- The day in Greenwich, by its first moment.
  day_ms bigint NOT NULL,
  way text NOT NULL CHECK (way ~ '^[a-z-]{1,20}$'),
  -- 'organisation/…', 'client/…', 'account/…', 'destination/…', 'subscription/…'
  recipient text NOT NULL CHECK (length(recipient) BETWEEN 3 AND 200),
  purpose text NOT NULL CHECK (purpose ~ '^[A-Z]{4,10}$'),
  basis text NOT NULL CHECK (basis ~ '^[a-z-]{1,20}$'),
  -- The consent or grant; empty where it rests on none.
  paper text NOT NULL CHECK (length(paper) <= 64),
  -- Of an endpoint its host, of a mail its domain.
  place text CHECK (length(place) <= 300),
  classes text[] NOT NULL CHECK (cardinality(classes) BETWEEN 1 AND 40),
  first_ms bigint NOT NULL,
  last_ms bigint NOT NULL,
  times bigint NOT NULL CHECK (times > 0),
  -- When what was told was measured; null: of any time.
  data_from_ms bigint,
  data_until_ms bigint,
  onward text CHECK (onward IN ('none', 'same-purpose')),
  PRIMARY KEY (organisation_id, subject_id, day_ms, way, recipient, purpose, basis, paper)
);
COMMENT ON TABLE disclosure IS 'What of a person left the house: one entry a day and recipient.';

ALTER TABLE disclosure ENABLE ROW LEVEL SECURITY;
ALTER TABLE disclosure FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON disclosure
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
