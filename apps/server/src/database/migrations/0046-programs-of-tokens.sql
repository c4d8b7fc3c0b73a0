-- What a token is called may be said again of another program: by its id a renewed token is the same one's, and no other.

ALTER TABLE api_token ADD COLUMN program_id uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN api_token.program_id IS 'Whose token it is: the same for one that takes the place of another.';

-- Until now tokens of one name were one program's.
UPDATE api_token AS t SET program_id = (
  SELECT s.program_id FROM api_token AS s
  WHERE s.organisation_id = t.organisation_id AND s.label = t.label
  ORDER BY s.created_at, s.token_hash LIMIT 1);

UPDATE subscription AS s SET maker = (
    (s.maker::jsonb - 'label') || jsonb_build_object('programId', t.program_id))::text
FROM (SELECT DISTINCT organisation_id, label, program_id FROM api_token) AS t
WHERE t.organisation_id = s.organisation_id AND t.label = s.maker::jsonb ->> 'label';
