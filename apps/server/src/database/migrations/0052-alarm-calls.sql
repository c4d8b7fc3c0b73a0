-- An alarm may call more than once: when it has become more urgent, and when a snooze has ended.
ALTER TABLE alarm ADD COLUMN calls integer NOT NULL DEFAULT 1 CHECK (calls > 0);
COMMENT ON COLUMN alarm.calls IS 'How often it has called: the picture with more calls is the newer.';
