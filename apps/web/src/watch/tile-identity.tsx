import type { SubjectView } from '@ausculta/contract/subjects';
import { Link } from '@tanstack/react-router';
import type { Ref } from 'react';
import { ageSexText, nameText, PACED_TEXT } from '../vitals/identity-text.ts';
import { noLimits } from '../vitals/limit-words.ts';
import classes from './tile-identity.module.css';

interface TileIdentityProps {
  readonly ref: Ref<HTMLElement>;
  readonly subject: SubjectView;
  readonly nowMs: number;
  /** Said once for the whole tile where there is no room at each number. */
  readonly saysSimulated: boolean;
}

/** Who it is: bed, name, age and sex, record number; never cut. */
export function TileIdentity({ ref, subject, nowMs, saysSimulated }: TileIdentityProps) {
  const { identity, paced, category } = subject;
  const age = ageSexText(identity, nowMs);
  return (
    <header ref={ref} className={classes.identity}>
      {identity.bed !== undefined && <b className={classes.bed}>{identity.bed}</b>}
      <Link
        to="/patients/$id"
        params={{ id: subject.id }}
        className={classes.name}
        tabIndex={-1}
        onClick={(event) => event.stopPropagation()}
      >
        {nameText(identity)}
      </Link>
      <span className={classes.who}>
        {[age, identity.recordNumber].filter(Boolean).join(' · ')}
      </span>
      <span
        className={classes.paced}
        data-known={paced !== 'unknown' || undefined}
        title={PACED_TEXT[paced].long}
      >
        {noLimits(category) !== undefined && <b className={classes.unlimited}>No limits</b>}
        {PACED_TEXT[paced].short}
        {saysSimulated && <span className={classes.simulated}>, sim</span>}
      </span>
    </header>
  );
}
