import type { SubjectView } from '@ausculta/contract/subjects';
import { Link } from '@tanstack/react-router';
import { nameText } from '../vitals/identity-text.ts';
import classes from './patient-header.module.css';

/** Whoever has come to the record of before is led to the one that goes on. */
export function MergedNotice({ into }: { readonly into: SubjectView }) {
  const { identity } = into;
  return (
    <p className={classes.moved} role="note" data-testid="merged">
      This record is no longer used: it is the same person as{' '}
      <Link to="/patients/$id" params={{ id: into.id }}>
        {nameText(identity)}, {identity.recordNumber}
      </Link>
      . What was measured stands there.
    </p>
  );
}
