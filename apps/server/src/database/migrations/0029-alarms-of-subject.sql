-- What was alarmed of a patient about a time: asked for each reading that somebody follows to what came of it.
CREATE INDEX alarm_of_subject ON alarm (subject_id, opened_ms DESC);
