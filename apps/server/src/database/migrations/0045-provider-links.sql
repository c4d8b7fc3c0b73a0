-- Single sign-on: which account of another provider (OpenID Connect) stands for which account of ours.

CREATE TABLE provider_link (
  organisation_id uuid NOT NULL,
  account_id uuid NOT NULL,
  issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 1000),
  -- Of issuer and `sub`: some providers make it of a name or a mail address.
  subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
  linked_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (organisation_id, issuer, subject_hash),
  UNIQUE (organisation_id, account_id, issuer),
  FOREIGN KEY (organisation_id, account_id) REFERENCES account ON DELETE CASCADE
);
COMMENT ON TABLE provider_link IS 'Who is known by another provider: by issuer and subject, never by a mail address.';

ALTER TABLE provider_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_link FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON provider_link
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
