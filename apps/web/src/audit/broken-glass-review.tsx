import type { BrokenGlassList } from '@ausculta/contract/access';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import classes from '../access/access-page.module.css';
import { brokenGlassQuery, reviewGlass } from '../api/access-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { momentWords } from '../patient/time-words.ts';

import page from './audit-page.module.css';

type Broken = BrokenGlassList['broken'][number];

/** Emergency accesses, those first that nobody has reviewed. */
export function BrokenGlassReview({ look }: { readonly look: (subjectId: string) => void }) {
  const { data: broken, error, refetch } = useQuery(brokenGlassQuery);
  const open = broken?.filter(({ reviewed }) => !reviewed) ?? [];
  const done = broken?.filter(({ reviewed }) => reviewed) ?? [];
  return (
    <section className={`card ${classes.part}`} aria-label="Emergency access">
      <h2>Emergency access{open.length > 0 && `, ${open.length} to be reviewed`}</h2>
      {broken === undefined && error !== null && (
        <ErrorState
          title="Emergency accesses cannot be loaded"
          error={error}
          retry={() => void refetch()}
          forWhom="Auditors review them."
        />
      )}
      {broken === undefined && error === null && <div className={`skeleton ${classes.bone}`} />}
      {broken?.length === 0 && <p>Nobody has opened a record in an emergency.</p>}
      <ul className={classes.rows}>
        {[...open, ...done].map((one) => (
          <Row key={one.id} one={one} look={look} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly one: Broken;
  readonly look: (subjectId: string) => void;
}

function Row({ one, look }: RowProps) {
  const client = useQueryClient();
  const act = useAct();
  const review = () =>
    void act.run(async () => {
      await reviewGlass(one);
      await client.invalidateQueries({ queryKey: brokenGlassQuery.queryKey });
    });
  return (
    <li data-testid="broken-glass">
      <div>
        <b>{one.name}</b>: {one.reason ?? 'The reason went with the record when it was erased.'}
        <br />
        <small>
          {momentWords(Date.parse(one.from))} until {momentWords(Date.parse(one.until))} · record{' '}
          {one.subjectId.slice(0, 8)} · {one.reviewed ? 'reviewed' : 'not reviewed yet'}
        </small>
        <br />
        <button type="button" className={page.link} onClick={() => look(one.subjectId)}>
          Who has looked at record {one.subjectId.slice(0, 8)}
        </button>
        <ProblemNote problem={act.problem} />
      </div>
      {!one.reviewed && (
        <Button variant="default" loading={act.isBusy} onClick={review}>
          Reviewed
          <span className="visually-hidden">
            {' '}
            the access of {one.name}, {momentWords(Date.parse(one.from))}
          </span>
        </Button>
      )}
    </li>
  );
}
