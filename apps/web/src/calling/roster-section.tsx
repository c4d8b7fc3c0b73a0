import type { TurnView } from '@ausculta/contract/calling';
import { Button, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import classes from '../access/access-page.module.css';
import { goOff, goOn, rosterQuery } from '../api/calling-queries.ts';
import { RequestRefused } from '../api/client.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import { dutyWords } from './calling-words.ts';

/** Who is on: "I am on", one tap, and whoever hands over is called no more. */
export function RosterSection() {
  const { data, error, refetch } = useQuery(rosterQuery);
  const [unit, setUnit] = useState('');
  const where = unit.trim() === '' ? null : unit.trim();
  return (
    <section className={`card ${classes.part}`} aria-label="Who is on">
      <h2>Who is on</h2>
      {data === undefined && error !== null && (
        <ErrorState
          title="The roster cannot be loaded"
          error={error}
          retry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && <div className={`skeleton ${classes.bone}`} />}
      {data?.duties.length === 0 && (
        <p>There are no duties: they come with the policy that says who is called.</p>
      )}
      {data !== undefined && data.duties.length > 0 && (
        <TextInput
          label="Ward"
          description="Left empty: everywhere"
          value={unit}
          maxLength={50}
          onChange={({ currentTarget }) => setUnit(currentTarget.value)}
        />
      )}
      {data?.duties.map((duty) => (
        <Duty
          key={duty}
          duty={duty}
          unit={where}
          turns={data.turns.filter((turn) => turn.duty === duty)}
          emptyAt={data.emptyAt.flatMap((place) => (place.duty === duty ? [place.unit] : []))}
        />
      ))}
    </section>
  );
}

function useRosterAct() {
  const client = useQueryClient();
  const act = useAct();
  const run = (work: () => Promise<void>): Promise<boolean> =>
    act.run(async () => {
      await work();
      await client.invalidateQueries({ queryKey: rosterQuery.queryKey });
    });
  return { ...act, run };
}

interface DutyProps {
  readonly duty: string;
  readonly unit: string | null;
  readonly turns: readonly TurnView[];
  /** Wards that nobody is on for; null: all that the policy does not name. */
  readonly emptyAt: readonly (string | null)[];
}

function Duty({ duty, unit, turns, emptyAt }: DutyProps) {
  const act = useRosterAct();
  const isOn = turns.some((turn) => turn.isMine && turn.unit === unit);
  return (
    <>
      <h3>{dutyWords(duty)}</h3>
      {turns.length === 0 && <p>Nobody is on: the next tier is called at once.</p>}
      {turns.length > 0 && emptyAt.length > 0 && (
        <p>
          <Icon name="triangle-alert" size={16} /> Nobody is on for{' '}
          {emptyAt.map((ward) => ward ?? 'all other wards').join(', ')}: there the next tier is
          called at once.
        </p>
      )}
      <ul className={classes.rows} aria-label={dutyWords(duty)}>
        {turns.map((turn) => (
          <Turn key={turn.id} turn={turn} />
        ))}
      </ul>
      {!isOn && (
        <div className={classes.buttons}>
          <Button loading={act.isBusy} onClick={() => void act.run(() => goOn({ duty, unit }))}>
            I am on
            <span className="visually-hidden">
              : {dutyWords(duty)}, {unit ?? 'everywhere'}
            </span>
          </Button>
        </div>
      )}
      <ProblemNote problem={act.problem} />
    </>
  );
}

function Turn({ turn }: { readonly turn: TurnView }) {
  const act = useRosterAct();
  const [isLast, setLast] = useState(false);
  const { id, name, duty, unit, from, until, isMine, isReached, hasShift } = turn;
  const leave = (): Promise<boolean> =>
    act.run(() =>
      goOff({ id }, isLast ? { even: 'nobody' } : {}).catch((error: unknown) => {
        setLast(error instanceof RequestRefused && error.fault === 'DUTY_WOULD_BE_EMPTY');
        throw error;
      }),
    );
  return (
    <li data-testid="turn">
      <div>
        <b>{isMine ? `${name} (you)` : name}</b>
        <br />
        <small>
          {unit ?? 'Everywhere'}, since {momentWords(Date.parse(from))}
          {until !== null && `, until ${momentWords(Date.parse(until))}`}
        </small>
        {!isReached && (
          <>
            <br />
            <Icon name="triangle-alert" size={16} />{' '}
            {isMine ? 'You cannot be reached: give an address below.' : 'Cannot be reached.'}
          </>
        )}
        {!hasShift && (
          <>
            <br />
            <Icon name="triangle-alert" size={16} /> {isMine ? 'You have' : 'Has'} no shift there:
            alarms cannot be acknowledged, and the next tier is called at once.
          </>
        )}
        <ProblemNote problem={act.problem} />
      </div>
      {isMine ? (
        <Button variant="default" loading={act.isBusy} onClick={() => void leave()}>
          {isLast ? 'Leave it to nobody' : 'I am off'}
          <span className="visually-hidden">: {dutyWords(duty)}</span>
        </Button>
      ) : (
        <Button
          variant="default"
          loading={act.isBusy}
          onClick={() => void act.run(() => goOn({ duty, unit, after: id }))}
        >
          Take over
          <span className="visually-hidden"> from {name}</span>
        </Button>
      )}
    </li>
  );
}
