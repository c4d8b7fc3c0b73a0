-- The audit read back by account, and the ledger by time: both went through all of their rows for it.
CREATE INDEX audit_leaf_by_account ON audit_leaf (organisation_id, account_id, at_ms DESC);
CREATE INDEX disclosure_by_time ON disclosure (organisation_id, first_ms DESC);
