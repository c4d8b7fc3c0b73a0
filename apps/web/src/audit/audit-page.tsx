import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { useMay } from '../api/use-may.ts';
import list from '../frame/list-page.module.css';
import { EmptyState } from '../frame/list-states.tsx';
import { AccessLog } from './access-log.tsx';
import classes from './audit-page.module.css';
import { AuditState } from './audit-state.tsx';
import { BrokenGlassReview } from './broken-glass-review.tsx';
import { RecordLookup } from './record-lookup.tsx';
import { UnusualAccesses } from './unusual-access.tsx';

export const Route = createLazyRoute('/workspace/audit')({ component: AuditPage });

/** What was done and looked at, for whoever keeps the audit. */
function AuditPage() {
  const may = useMay();
  const [looked, setLooked] = useState<string>();
  if (!may('search audit')) {
    return (
      <EmptyState
        title="This is not for your role"
        text="Auditors read the audit. Who has looked at a record is shown to the patient as well, on the page of the record."
      />
    );
  }
  return (
    <main className={list.page} aria-label="Audit">
      <div className={classes.column}>
        <AuditState leadsOn />
        <BrokenGlassReview look={setLooked} />
        <UnusualAccesses look={setLooked} />
        <RecordLookup look={setLooked} />
        {looked !== undefined && <AccessLog key={looked} subjectId={looked} />}
      </div>
    </main>
  );
}
