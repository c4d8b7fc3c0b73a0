-- Identity of devices by certificates: each organisation has an authority of its own, which signs for its devices alone.

CREATE TABLE device_authority (
  organisation_id uuid PRIMARY KEY,
  made_ms bigint NOT NULL,
  -- X.509, DER: told to whoever asks.
  certificate bytea NOT NULL,
  -- PKCS #8, under the key of the organisation, which lies outside the database.
  key_sealed bytea NOT NULL
);
COMMENT ON TABLE device_authority IS 'Whose signature makes a device''s certificate.';
ALTER TABLE device_authority ALTER COLUMN key_sealed SET STORAGE EXTERNAL;

CREATE TABLE device_certificate (
  organisation_id uuid NOT NULL,
  device_id text NOT NULL,
  -- SHA-256 of the certificate. What is not here was not given by us, whoever signed it.
  fingerprint bytea NOT NULL UNIQUE CHECK (octet_length(fingerprint) = 32),
  serial text NOT NULL CHECK (serial ~ '^[0-9a-f]{32}$'),
  made_by text NOT NULL CHECK (made_by IN ('claim', 'renewal')),
  from_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > from_ms),
  revoked_ms bigint,
  revoked_because text CHECK (revoked_because IN ('compromised', 'superseded', 'withdrawn')),
  PRIMARY KEY (device_id, serial),
  CHECK ((revoked_ms IS NULL) = (revoked_because IS NULL))
);
COMMENT ON TABLE device_certificate IS 'Certificates that were given to devices, and whether one was taken back.';
CREATE INDEX device_certificate_of_device ON device_certificate (device_id, from_ms);

CREATE TABLE device_claim (
  organisation_id uuid NOT NULL,
  device_id text PRIMARY KEY,
  -- SHA-256: the code itself is shown once, to who makes it.
  code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  made_ms bigint NOT NULL,
  until_ms bigint NOT NULL CHECK (until_ms > made_ms),
  used_ms bigint
);
COMMENT ON TABLE device_claim IS 'The code with which a device may ask for its first certificate: once, and not for long.';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['device_authority', 'device_certificate', 'device_claim'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY own_organisation ON %I
         USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()))', name);
  END LOOP;
END $$;
