-- Sign-in: how an account comes to its owner, what they prove with who they are, and where they are signed in.

ALTER TABLE account
  -- Null until its owner has followed the first link.
  ALTER COLUMN password_hash DROP NOT NULL,
  ADD COLUMN password_is_short boolean NOT NULL DEFAULT false,
  ADD COLUMN disabled_at timestamptz;
COMMENT ON COLUMN account.password_is_short IS 'Good beside a second factor or a passkey alone: the last of them cannot be taken away.';

ALTER TABLE session
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  ADD COLUMN method text NOT NULL DEFAULT 'password'
    CHECK (method IN ('password', 'code', 'recovery-code', 'passkey', 'link', 'provider')),
  ADD COLUMN browser text NOT NULL DEFAULT '' CHECK (length(browser) <= 60),
  -- When its person last proved who they are: what opens an account for good asks for it anew.
  ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now(),
  -- Its person has left the screen: nothing is done in their name until they prove again who they are.
  ADD COLUMN locked_at timestamptz;

CREATE TABLE sign_in_link (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  -- Whoever lost their telephone cannot show its codes.
  resets_factors boolean NOT NULL,
  expires_at timestamptz NOT NULL,
  -- One an account: a newer link ends the older.
  PRIMARY KEY (organisation_id, account_id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE sign_in_link IS 'A link that signs its person in once, to choose a password.';

CREATE TABLE second_factor (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  -- Under the key of the organisation.
  secret_sealed bytea NOT NULL,
  -- The 30 seconds of the newest code that was taken: none of them or before is taken again.
  last_step bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, account_id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE second_factor IS 'What an app shows codes of (TOTP, RFC 6238), for accounts that ask for one beside the password.';

CREATE TABLE recovery_code (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  PRIMARY KEY (organisation_id, account_id, code_hash),
  FOREIGN KEY (organisation_id, account_id) REFERENCES second_factor ON DELETE CASCADE
);
COMMENT ON TABLE recovery_code IS 'In place of a code of the app, once: gone when it was used.';

CREATE TABLE passkey (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  credential_id text PRIMARY KEY CHECK (length(credential_id) BETWEEN 16 AND 1400),
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  transports text[] NOT NULL,
  label text NOT NULL CHECK (length(label) BETWEEN 1 AND 60),
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE passkey IS 'The public half of a passkey (WebAuthn); the other half never leaves its device.';
CREATE INDEX passkey_of_account ON passkey (organisation_id, account_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['sign_in_link', 'second_factor', 'recovery_code', 'passkey'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
