import type { OversightReview, UnusualAccess } from '@ausculta/contract/oversight';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import classes from '../access/access-page.module.css';
import { guardRecord, oversightQuery, reviewUnusual } from '../api/oversight-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { momentWords, timeWords } from '../patient/time-words.ts';
import page from './audit-page.module.css';
import { gapWords, mailWords, unusualWords } from './unusual-words.ts';

interface LookProps {
  readonly look: (subjectId: string) => void;
}

/** What somebody should look at, those first that nobody has; and which records are guarded. */
export function UnusualAccesses({ look }: LookProps) {
  const { data, dataUpdatedAt, error, refetch } = useQuery(oversightQuery);
  const waiting = data?.unusual.filter(({ outcome }) => outcome === null).length ?? 0;
  const mail = data && mailWords(data.mail);
  const gap = data && gapWords(data, dataUpdatedAt);
  return (
    <section className={`card ${classes.part}`} aria-label="Unusual access">
      <h2>Unusual access{waiting > 0 && `, ${waiting} to be reviewed`}</h2>
      {data === undefined && error !== null && (
        <ErrorState
          title="Unusual access cannot be loaded"
          error={error}
          retry={() => void refetch()}
          forWhom="Auditors review it."
        />
      )}
      {data === undefined && error === null && <div className={`skeleton ${classes.bone}`} />}
      {data?.unusual.length === 0 && (
        <p>Nothing. Hints come here within seconds: they accuse nobody, and refuse nothing.</p>
      )}
      {gap !== undefined && <p className={page.mail}>{gap}</p>}
      {mail !== undefined && <p className={page.mail}>{mail}</p>}
      <ul className={classes.rows}>
        {data?.unusual.map((one) => (
          <Hint key={one.id} one={one} look={look} />
        ))}
      </ul>
      {data?.more === true && <p>There are more: review these, and they follow.</p>}
      {data !== undefined && data.guarded.length > 0 && <h3>Guarded records</h3>}
      <ul className={classes.rows}>
        {data?.guarded.map((one) => (
          <Guarded key={one.subjectId} {...one} look={look} />
        ))}
      </ul>
    </section>
  );
}

function useOversightAct() {
  const client = useQueryClient();
  const act = useAct();
  const run = (work: () => Promise<void>) =>
    void act.run(async () => {
      await work();
      await client.invalidateQueries({ queryKey: oversightQuery.queryKey });
    });
  return { ...act, run };
}

function Hint({ one, look }: LookProps & { readonly one: UnusualAccess }) {
  const act = useOversightAct();
  const { subjectId } = one;
  const name = one.name ?? 'An account that is there no more';
  const review = (outcome: OversightReview['outcome']) =>
    act.run(() => reviewUnusual(one.id, { outcome }));
  return (
    <li data-testid="unusual">
      <div>
        <b>{name}</b> {unusualWords(one)}
        <br />
        <small>
          {spanWords(one)}
          {subjectId !== null && ` · record ${subjectId.slice(0, 8)}`}
          {one.outcome !== null && ` · ${OUTCOME_WORDS[one.outcome]}`}
        </small>
        <br />
        {subjectId === null ? (
          <Link className={page.link} to="/audit/entries" search={{ who: one.accountId }}>
            What {name} did
          </Link>
        ) : (
          <button type="button" className={page.link} onClick={() => look(subjectId)}>
            Who has looked at record {subjectId.slice(0, 8)}
          </button>
        )}
        <ProblemNote problem={act.problem} />
      </div>
      {one.outcome === null && (
        <div className={classes.buttons}>
          <Button variant="default" disabled={act.isBusy} onClick={() => review('explained')}>
            Explained
            <span className="visually-hidden"> what {name} did</span>
          </Button>
          <Button variant="default" disabled={act.isBusy} onClick={() => review('followed-up')}>
            Followed up
            <span className="visually-hidden"> what {name} did</span>
          </Button>
        </div>
      )}
    </li>
  );
}

const OUTCOME_WORDS = { explained: 'explained', 'followed-up': 'followed up' };

function spanWords({ from, until }: Pick<UnusualAccess, 'from' | 'until'>): string {
  const words = momentWords(Date.parse(from));
  return from === until ? words : `${words} to ${timeWords(Date.parse(until))}`;
}

interface GuardedProps extends LookProps {
  readonly subjectId: string;
  readonly since: string;
}

function Guarded({ subjectId, since, look }: GuardedProps) {
  const act = useOversightAct();
  const short = subjectId.slice(0, 8);
  return (
    <li data-testid="guarded">
      <div>
        <button type="button" className={page.link} onClick={() => look(subjectId)}>
          Who has looked at record {short}
        </button>
        <br />
        <small>Each look by somebody else is told since {momentWords(Date.parse(since))}</small>
        <ProblemNote problem={act.problem} />
      </div>
      <Button
        variant="default"
        loading={act.isBusy}
        onClick={() => act.run(() => guardRecord(subjectId, 'DELETE'))}
      >
        End
        <span className="visually-hidden"> guarding record {short}</span>
      </Button>
    </li>
  );
}
