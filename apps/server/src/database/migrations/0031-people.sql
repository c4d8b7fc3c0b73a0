-- Who people are and how they stand to those who are cared for: what the policy judges (packages/policy).

-- An account and a program have roles, not one role. Whoever was a clinician treats everybody of the
-- organisation, as before; whoever was an administrator could also see everything, and still can.
ALTER TABLE account ADD COLUMN roles text[];
ALTER TABLE api_token ADD COLUMN roles text[];
UPDATE account SET roles = CASE role
  WHEN 'administrator' THEN ARRAY['administrator', 'physician', 'nurse'] ELSE ARRAY['physician', 'nurse'] END;
UPDATE api_token SET roles = CASE role
  WHEN 'administrator' THEN ARRAY['administrator', 'physician', 'nurse'] ELSE ARRAY['physician', 'nurse'] END;
ALTER TABLE account ALTER COLUMN roles SET NOT NULL, DROP COLUMN role,
  ADD CONSTRAINT roles_are_words CHECK (cardinality(roles) BETWEEN 1 AND 10
    AND array_to_string(roles, ' ') ~ '^[a-z][a-z-]{1,39}( [a-z][a-z-]{1,39})*$');
ALTER TABLE api_token ALTER COLUMN roles SET NOT NULL, DROP COLUMN role,
  ADD CONSTRAINT roles_are_words CHECK (cardinality(roles) BETWEEN 1 AND 10
    AND array_to_string(roles, ' ') ~ '^[a-z][a-z-]{1,39}( [a-z][a-z-]{1,39})*$');

CREATE TABLE relation (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  account_id uuid NOT NULL,
  -- Of another organisation where a care team reaches over: then a grant is needed as well.
  account_organisation_id uuid NOT NULL REFERENCES organisation,
  kind text NOT NULL CHECK (kind IN ('self', 'proxy', 'care-team', 'programme')),
  from_ms bigint NOT NULL,
  until_ms bigint CHECK (until_ms > from_ms),
  PRIMARY KEY (subject_id, account_id, kind),
  FOREIGN KEY (account_organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE relation IS 'How an account stands to one subject: the person, a proxy, a member of the care team.';
CREATE INDEX relation_of_account ON relation (account_id);

CREATE TABLE shift (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  -- Null: wherever somebody lies in the organisation, or at home.
  unit text CHECK (length(unit) BETWEEN 1 AND 200),
  from_ms bigint NOT NULL,
  until_ms bigint CHECK (until_ms > from_ms),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE shift IS 'Where an account is on shift, and until when.';
CREATE INDEX shift_of_account ON shift (organisation_id, account_id);
-- As it was before there were shifts: everybody is, everywhere.
INSERT INTO shift (organisation_id, id, account_id, from_ms)
  SELECT organisation_id, gen_random_uuid(), id, (extract(epoch FROM created_at) * 1000)::bigint FROM account;

CREATE TABLE access_grant (
  -- Whose data are opened.
  organisation_id uuid NOT NULL REFERENCES organisation,
  id uuid PRIMARY KEY,
  to_organisation_id uuid NOT NULL REFERENCES organisation,
  -- Null: whoever of the organisation its own relations open it to.
  to_account_id uuid,
  -- Null: about everybody.
  subject_id uuid,
  data_classes text[] NOT NULL CHECK (cardinality(data_classes) > 0),
  actions text[] NOT NULL CHECK (cardinality(actions) > 0),
  purposes text[] NOT NULL CHECK (cardinality(purposes) > 0),
  from_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > from_ms),
  -- Only what belongs to one stay: what names it, and what was measured in its time; null: whatever and whenever.
  encounter_id text CHECK (encounter_id ~ '^[A-Za-z0-9.-]{1,64}$'),
  data_from_ms bigint,
  data_until_ms bigint CHECK (data_until_ms > data_from_ms),
  onward text NOT NULL CHECK (onward IN ('none', 'same-purpose')),
  withdrawn_ms bigint,
  given_by uuid
);
COMMENT ON TABLE access_grant IS 'What an organisation has opened to another, for a purpose and until a day.';
CREATE INDEX access_grant_of ON access_grant (organisation_id);

CREATE TABLE broken_glass (
  organisation_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  id uuid NOT NULL,
  account_id uuid NOT NULL,
  -- Under the key of the subject.
  reason_sealed bytea NOT NULL,
  from_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > from_ms),
  reviewed_by uuid,
  reviewed_ms bigint,
  PRIMARY KEY (subject_id, id)
);
COMMENT ON TABLE broken_glass IS 'Who looked in an emergency, why, until when, and who reviewed it.';
CREATE INDEX broken_glass_of ON broken_glass (organisation_id, from_ms DESC);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['relation', 'shift', 'access_grant', 'broken_glass'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
