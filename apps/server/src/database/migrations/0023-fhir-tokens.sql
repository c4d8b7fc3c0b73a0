-- Whatever can be equal or not is found by its token. The tokens of a document were an array with a GIN
-- index, which nobody could use: the operators of arrays may tell what they see in an error, so PostgreSQL
-- asks row-level security of every row first. Numbers that are equal tell nothing.
DROP INDEX fhir_document_tokens;
CREATE TABLE fhir_token (
  organisation_id uuid NOT NULL,
  token bigint NOT NULL,
  -- Of fifty documents by their doc.
  block bigint NOT NULL,
  -- A bit for each of them, the first the lowest.
  docs bigint NOT NULL CHECK (docs > 0),
  PRIMARY KEY (token, block, organisation_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE fhir_token IS 'Which documents have a token, fifty to a row. The documents hold the same tokens.';
ALTER TABLE fhir_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE fhir_token FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON fhir_token
  USING (organisation_id = (SELECT scope_organisation()) OR (SELECT scope_is_line()));
INSERT INTO fhir_token (organisation_id, token, block, docs)
SELECT organisation_id, token, doc / 50, bit_or(1::bigint << (doc % 50)::int)
FROM fhir_document CROSS JOIN unnest(tokens) AS one (token)
GROUP BY 1, 2, 3 ORDER BY 2, 3;
