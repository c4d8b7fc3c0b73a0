-- What was high and came too late is shown as medium, and called for as what it was: quiet hours never hold it back.
ALTER TABLE alarm ADD COLUMN is_late_high boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN alarm.is_late_high IS 'It tells of something high that was over when it was told.';
