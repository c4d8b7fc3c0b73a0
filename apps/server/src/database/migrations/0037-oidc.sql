-- Programs of others that come by OAuth 2.0: which there are, and what was given to them.

CREATE TABLE oidc_client (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- As which it acts: what its scopes name is cut with what these may do.
  roles text[] NOT NULL CHECK (cardinality(roles) BETWEEN 1 AND 10),
  -- All that it may ask for, words apart by blanks.
  scope text NOT NULL CHECK (length(scope) <= 4000),
  -- Its public keys (RFC 7517): what it signs with is its own secret.
  jwks jsonb NOT NULL,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oidc_client IS 'A program of somebody else that may ask for access tokens.';

CREATE TABLE oidc_artifact (
  -- Whose key sealed it: the organisation that the installation began with.
  organisation_id uuid NOT NULL REFERENCES organisation,
  kind text NOT NULL CHECK (kind ~ '^[A-Za-z]{1,40}$'),
  -- Of its name, which of a token is the token itself.
  id_hash bytea NOT NULL CHECK (octet_length(id_hash) = 32),
  client_id uuid REFERENCES oidc_client ON DELETE CASCADE,
  scope text,
  grant_hash bytea,
  sealed bytea NOT NULL,
  consumed_at timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (kind, id_hash)
);
COMMENT ON TABLE oidc_artifact IS 'Tokens and assertions that were seen; the tokens themselves are with those who hold them.';
CREATE INDEX oidc_artifact_expiry ON oidc_artifact (expires_at);

CREATE TABLE oidc_key (
  organisation_id uuid NOT NULL REFERENCES organisation,
  id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 100),
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oidc_key IS 'Keys that sign what is said to programs, sealed.';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['oidc_client', 'oidc_artifact', 'oidc_key'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
