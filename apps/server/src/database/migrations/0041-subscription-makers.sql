-- A subscription acts for whoever wrote it: each notification is asked for as theirs.

ALTER TABLE subscription ADD COLUMN maker text CHECK (length(maker) <= 20000);
COMMENT ON COLUMN subscription.maker IS 'Who wrote it last, as JSON: an account, a program of others, or a token of the house by its label.';

-- Who wrote those that are there stands in the audit; what no account wrote, a token of the house did.
UPDATE subscription AS s SET maker = coalesce(
  (SELECT jsonb_build_object('accountId', l.account_id)::text FROM audit_leaf AS l
    WHERE l.organisation_id = s.organisation_id AND l.act = 'subscription-written'
      AND l.target = 'subscription/' || s.id AND l.account_id IS NOT NULL
    ORDER BY l.at_ms DESC LIMIT 1),
  (SELECT jsonb_build_object('label', t.label)::text FROM api_token AS t
    WHERE t.organisation_id = s.organisation_id ORDER BY t.created_at LIMIT 1));
