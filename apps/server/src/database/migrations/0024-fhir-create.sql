-- A bounded repetition is made anew for each row, a state for each letter: the two checks took longer than all
-- indexes of a document together. Those that take their place let the same pass.
ALTER TABLE fhir_document DROP CONSTRAINT fhir_document_type_check, DROP CONSTRAINT fhir_document_id_check;
ALTER TABLE fhir_document
  ADD CONSTRAINT fhir_document_type_check CHECK (length(type) BETWEEN 2 AND 64 AND type ~ '^[A-Z][A-Za-z]+$'),
  ADD CONSTRAINT fhir_document_id_check CHECK (length(id) <= 64 AND id ~ '^[A-Za-z0-9.-]+$');

-- Whoever writes as the owner of the lane locks its row no longer, which was a write of its own: a lock that lies
-- in memory does as well. Whoever takes the lane waits for all who have it, and they see its fence from then on.
CREATE FUNCTION lane_lock(its_lane integer) RETURNS bigint LANGUAGE sql IMMUTABLE
  RETURN hashtextextended('lane ' || its_lane::text, 0);

CREATE FUNCTION wait_for_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(lane_lock(NEW.lane));
  RETURN NEW;
END $$;
CREATE TRIGGER lane_is_free BEFORE UPDATE ON lane FOR EACH ROW EXECUTE FUNCTION wait_for_lane();

-- What a PERFORM asks is a query; an assignment of the same is not.
CREATE OR REPLACE FUNCTION hold_lane_as(organisation uuid, its_lane integer, its_fence bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  done text;
BEGIN
  done := set_config('ausculta.scope', 'line', true);
  done := pg_advisory_xact_lock_shared(lane_lock(its_lane));
  PERFORM FROM lane WHERE lane = its_lane AND fence = its_fence;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another server has the lane' USING ERRCODE = 'AUL01';
  END IF;
  done := set_config('ausculta.scope', 'people', true);
  done := set_config('ausculta.organisation', organisation::text, true);
END $$;

-- New documents of one request or of many, in one statement: a transaction of its own, which the server that
-- has the lane alone can do. As statements of their own each cost a round trip through the driver and the
-- planner's look at what it had planned before, which for a single document took longer than its writing.
CREATE FUNCTION fhir_create(
  organisation uuid, its_lane integer, its_fence bigint, mark smallint,
  -- A document each: until is where its content ends in all of it, its_set the place of its tokens.
  types text[], ids text[], docs bigint[], times bigint[], subjects uuid[], sizes integer[], ends integer[],
  its_set integer[], contents text, sets text[],
  -- Rows of the index of tokens, in their order: a token, fifty documents, and which of them.
  tokens bigint[], blocks bigint[], bits bigint[],
  range_docs bigint[], range_names bigint[], lows double precision[], highs double precision[],
  reference_docs bigint[], reference_names bigint[], target_types text[], target_ids text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  content bytea := decode(contents, 'base64');
  done text;
BEGIN
  done := hold_lane_as(organisation, its_lane, its_fence);
  WITH document AS (
    INSERT INTO fhir_document
      (organisation_id, type, id, doc, version, updated_ms, subject_id, sealed, tokens, indexed)
    SELECT organisation, made.type, made.id, made.doc, 1, made.updated_ms, made.subject_id,
      substring(content FROM made.until - made.size + 1 FOR made.size), sets[made.its_set]::bigint[], mark
    FROM unnest(types, ids, docs, times, subjects, sizes, ends, its_set)
      AS made (type, id, doc, updated_ms, subject_id, size, until, its_set)
  ), range AS (
    INSERT INTO fhir_range (organisation_id, doc, name, low, high)
    SELECT organisation, made.* FROM unnest(range_docs, range_names, lows, highs) AS made
  )
  INSERT INTO fhir_reference (organisation_id, doc, name, target_type, target_id)
  SELECT organisation, made.* FROM unnest(reference_docs, reference_names, target_types, target_ids) AS made;
  -- As `lockTokens`: after the documents, until the end.
  done := pg_advisory_xact_lock(hashtextextended('fhir_token ' || organisation::text, 0));
  INSERT INTO fhir_token AS known (organisation_id, token, block, docs)
  SELECT organisation, made.* FROM unnest(tokens, blocks, bits) AS made
  ON CONFLICT (token, block, organisation_id) DO UPDATE SET docs = known.docs | excluded.docs;
END $$;
COMMENT ON FUNCTION fhir_create IS 'Writes new documents with their index, by the server that has the lane; an error by any other.';
