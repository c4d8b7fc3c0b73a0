-- An alarm whose data have stopped is neither present nor ended: its condition is unknown.

ALTER TABLE alarm DROP CONSTRAINT alarm_condition_check;
ALTER TABLE alarm ADD CONSTRAINT alarm_condition_check CHECK (condition IN ('present', 'absent', 'unknown'));

DROP INDEX alarm_open;
CREATE INDEX alarm_open ON alarm (organisation_id, raised_ms DESC) WHERE episode <> 'resolved' OR condition <> 'absent';
