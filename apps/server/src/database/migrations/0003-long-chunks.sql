-- Nearly every chunk spans a minute, so that those of a time are found by where they begin. The few
-- that span more than a day, because something came late, are looked for by themselves.
CREATE INDEX chunk_long ON chunk (series_id, last_ms) WHERE last_ms - first_ms > 86400000;
