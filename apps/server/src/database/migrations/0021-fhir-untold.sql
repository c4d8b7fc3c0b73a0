-- Findings in what was written as FHIR, from the transaction that writes it until their alarms are
-- durable: whoever stops in between tells them at the next start.

CREATE TABLE fhir_untold (
  organisation_id uuid NOT NULL,
  id uuid PRIMARY KEY,
  -- Whose key seals it.
  subject_id uuid NOT NULL,
  sealed bytea NOT NULL
);
COMMENT ON TABLE fhir_untold IS 'What is to be told of values that were written beyond a limit. Nearly always empty.';

ALTER TABLE fhir_untold ENABLE ROW LEVEL SECURITY;
ALTER TABLE fhir_untold FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON fhir_untold
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
