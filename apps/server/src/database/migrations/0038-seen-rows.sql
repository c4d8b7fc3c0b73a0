-- The second lock within an organisation: a transaction may say for whom it asks, and then finds that viewer's
-- rows alone. It is said with the organisation; without it all rows of the organisation are seen, as by the
-- platform itself. Who may write what is asked before a row is made: a laboratory writes what it may not read.

CREATE FUNCTION scope_sees_everybody() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('ausculta.seen', true), '') = '';
COMMENT ON FUNCTION scope_sees_everybody IS 'Whether rows of all subjects of the organisation are seen.';

CREATE FUNCTION scope_seen() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('ausculta.seen', true), '')::uuid[];
COMMENT ON FUNCTION scope_seen IS 'The subjects whose rows are seen.';

CREATE FUNCTION scope_hides_nothing() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('ausculta.hidden', true), '') = '';

CREATE FUNCTION scope_list(name text) RETURNS text[]
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting(name, true), '')::text[];
COMMENT ON FUNCTION scope_list IS 'Types of documents that are seen at all, those that are seen of nobody in particular, and what is kept back (subject/Type).';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['fhir_document', 'fhir_history', 'fhir_copy'] LOOP
    EXECUTE format(
      'CREATE POLICY only_seen ON %I AS RESTRICTIVE USING (
         ((SELECT scope_sees_everybody()) OR (
           type = ANY ((SELECT scope_list(''ausculta.types''))::text[])
           AND (subject_id = ANY ((SELECT scope_seen())::uuid[])
             OR subject_id IS NULL AND type = ANY ((SELECT scope_list(''ausculta.of_nobody''))::text[]))))
         AND ((SELECT scope_hides_nothing()) OR subject_id IS NULL
           OR NOT (subject_id::text || ''/'' || type) = ANY ((SELECT scope_list(''ausculta.hidden''))::text[])))
       WITH CHECK (true)',
      name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['chunk', 'event', 'alarm', 'alarm_transition'] LOOP
    EXECUTE format(
      'CREATE POLICY only_seen ON %I AS RESTRICTIVE USING (
         (SELECT scope_sees_everybody()) OR subject_id = ANY ((SELECT scope_seen())::uuid[])) WITH CHECK (true)',
      name);
  END LOOP;
END $$;
