import type { SubjectView } from '@ausculta/contract/subjects';
import { Link } from '@tanstack/react-router';
import { useMayOf } from '../api/access-queries.ts';
import { useMay } from '../api/use-may.ts';
import classes from './patient-tabs.module.css';

/** The pages of one patient, of them those that the caller may see; one alone needs no row. */
export function PatientTabs({ subject: { id, kind } }: { readonly subject: SubjectView }) {
  const may = useMayOf(id);
  const mayInHouse = useMay();
  if (kind !== 'patient') return null;
  const hasTeam = may('read placement');
  const hasConsents = may('read consents');
  const hasLog = may('read disclosures') || mayInHouse('search audit');
  if (!hasTeam && !hasConsents && !hasLog) return null;
  return (
    <nav className={classes.tabs} aria-label="Of this patient">
      <Link
        to="/patients/$id"
        params={{ id }}
        className={classes.tab}
        activeOptions={{ exact: true }}
        activeProps={{ 'data-active': true }}
      >
        Overview
      </Link>
      {hasTeam && (
        <Link
          to="/patients/$id/team"
          params={{ id }}
          className={classes.tab}
          activeProps={{ 'data-active': true }}
        >
          Care team
        </Link>
      )}
      {hasConsents && (
        <Link
          to="/patients/$id/consents"
          params={{ id }}
          className={classes.tab}
          activeProps={{ 'data-active': true }}
        >
          Consents
        </Link>
      )}
      {hasLog && (
        <Link
          to="/patients/$id/access-log"
          params={{ id }}
          className={classes.tab}
          activeProps={{ 'data-active': true }}
        >
          Access log
        </Link>
      )}
    </nav>
  );
}
