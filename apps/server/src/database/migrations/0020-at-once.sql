-- What is written at once is sent at once, its end too: whether this server still holds the lane must then
-- be an error of the database, after which nothing of the transaction is kept. People see no lane, so the
-- function asks as the line does, and sees to it that whatever follows sees one organisation alone.
CREATE FUNCTION hold_lane_as(organisation uuid, its_lane integer, its_fence bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('ausculta.scope', 'line', true);
  PERFORM FROM lane WHERE lane = its_lane AND fence = its_fence FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'another server has the lane' USING ERRCODE = 'AUL01';
  END IF;
  PERFORM set_config('ausculta.scope', 'people', true), set_config('ausculta.organisation', organisation::text, true);
END $$;
COMMENT ON FUNCTION hold_lane_as IS 'Begins a transaction of one organisation by the server that has the lane; an error by any other.';
