-- Apps that people use with their own account (SMART App Launch): what an app is, and who has let it in.

-- A program acts in its own roles and proves itself by a key; an app acts for whoever lets it in, has no roles,
-- and may be one that can keep no secret.
ALTER TABLE oidc_client
  ADD COLUMN kind text NOT NULL DEFAULT 'program' CHECK (kind IN ('program', 'app')),
  ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
  -- Where the workspace opens it for a patient; null: it begins by itself alone.
  ADD COLUMN launch_url text CHECK (length(launch_url) <= 2000),
  ALTER COLUMN jwks DROP NOT NULL,
  DROP CONSTRAINT oidc_client_roles_check,
  ADD CONSTRAINT oidc_client_roles_check CHECK (
    cardinality(roles) <= 10 AND (kind = 'app') = (cardinality(roles) = 0)),
  ADD CONSTRAINT oidc_client_of_its_kind CHECK (kind = 'app' OR jwks IS NOT NULL);

-- Of a code that a person types in from another screen.
ALTER TABLE oidc_artifact ADD COLUMN user_code_hash bytea CHECK (octet_length(user_code_hash) = 32);
CREATE UNIQUE INDEX oidc_artifact_user_code ON oidc_artifact (user_code_hash) WHERE user_code_hash IS NOT NULL;
CREATE INDEX oidc_artifact_grant ON oidc_artifact (grant_hash) WHERE grant_hash IS NOT NULL;

CREATE TABLE app_grant (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  -- By which everything that was given out for it is known.
  grant_hash bytea NOT NULL UNIQUE CHECK (octet_length(grant_hash) = 32),
  account_id uuid NOT NULL,
  client_id uuid NOT NULL REFERENCES oidc_client ON DELETE CASCADE,
  -- In which its person was signed in, and with which it ends; null: it goes on without them.
  session_id uuid,
  -- Of whom the app was told; null: of nobody in particular.
  subject_id uuid,
  encounter_id text CHECK (encounter_id ~ '^[A-Za-z0-9.-]{1,64}$'),
  -- Whether the app was opened inside the workspace, which shows whose record it is.
  is_embedded boolean NOT NULL DEFAULT false,
  scope text NOT NULL CHECK (length(scope) <= 8192),
  granted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE app_grant IS 'Which person has let which app act for them, for which patient, how far and until when.';
CREATE INDEX app_grant_of_account ON app_grant (organisation_id, account_id);
CREATE INDEX app_grant_of_subject ON app_grant (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE app_launch (
  organisation_id uuid NOT NULL,
  id_hash bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
  account_id uuid NOT NULL,
  client_id uuid NOT NULL REFERENCES oidc_client ON DELETE CASCADE,
  subject_id uuid NOT NULL,
  encounter_id text CHECK (encounter_id ~ '^[A-Za-z0-9.-]{1,64}$'),
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE app_launch IS 'Apps that are being opened for a patient: good once, for a few minutes, for whoever opened them.';
CREATE INDEX app_launch_of_subject ON app_launch (subject_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['app_grant', 'app_launch'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
