import type { CallAddresses, CallTest } from '@ausculta/contract/calling';
import { Button, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import classes from '../access/access-page.module.css';
import { addressesQuery, callMe, rosterQuery, saveAddresses } from '../api/calling-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { channelWords } from './calling-words.ts';

/** By which addresses whoever is signed in is called, and whether that works. */
export function ReachedSection() {
  const { data, error, refetch } = useQuery(addressesQuery);
  return (
    <section className={`card ${classes.part}`} aria-label="How I am called">
      <h2>How I am called</h2>
      {data === undefined && error !== null && (
        <ErrorState
          title="Your addresses cannot be loaded"
          error={error}
          retry={() => void refetch()}
        />
      )}
      {data !== undefined && <Addresses given={data} />}
    </section>
  );
}

function Addresses({ given }: { readonly given: CallAddresses }) {
  const client = useQueryClient();
  const act = useAct();
  const test = useAct();
  const [isSaved, setSaved] = useState(false);
  const [tried, setTried] = useState<CallTest['tried']>();

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const textOf = (name: string): string | null => String(fields.get(name) ?? '').trim() || null;
    setSaved(false);
    setTried(undefined);
    void act
      .run(async () => {
        const saved = await saveAddresses({ mail: textOf('mail'), number: textOf('number') });
        client.setQueryData(addressesQuery.queryKey, saved);
        await client.invalidateQueries({ queryKey: rosterQuery.queryKey });
      })
      .then(setSaved);
  }

  return (
    <>
      <form className={classes.form} aria-label="My addresses" onSubmit={onSubmit}>
        <TextInput
          label="Mail address"
          name="mail"
          type="email"
          autoComplete="email"
          defaultValue={given.mail ?? ''}
        />
        <TextInput
          label="Number"
          description="Telephone or pager, for the gateways of the house"
          name="number"
          type="tel"
          autoComplete="tel"
          defaultValue={given.number ?? ''}
        />
        <div className={classes.buttons}>
          <Button type="submit" variant="default" loading={act.isBusy}>
            Save
          </Button>
          <Button
            variant="default"
            loading={test.isBusy}
            onClick={() => void test.run(async () => setTried((await callMe()).tried))}
          >
            Call me for a test
          </Button>
        </div>
      </form>
      {isSaved && <p role="status">Saved.</p>}
      <ProblemNote problem={act.problem ?? test.problem} />
      {tried !== undefined && (
        <ul aria-label="The test" role="status">
          {tried.map(({ channel, ok, why }) => (
            <li key={channel}>
              {channelWords(channel)}: {ok ? 'handed on. Does it arrive?' : why}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
