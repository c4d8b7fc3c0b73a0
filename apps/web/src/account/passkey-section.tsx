import type { PasskeyList } from '@ausculta/contract/me';
import { Button, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { myPasskeysQuery, removePasskey } from '../api/account-queries.ts';
import { addPasskey, hasPasskeys, isGivenUp, isKnownHere } from '../api/passkeys.ts';
import { momentWords } from '../patient/time-words.ts';
import classes from './account-page.module.css';
import type { FreshProof } from './use-fresh-proof.tsx';

export function PasskeySection({ proof }: { readonly proof: FreshProof }) {
  const queryClient = useQueryClient();
  const { data: passkeys } = useQuery(myPasskeysQuery);
  const [problem, setProblem] = useState<string>();
  const settle = () => queryClient.invalidateQueries({ queryKey: myPasskeysQuery.queryKey });

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const label = String(new FormData(form).get('label') ?? '').trim();
    setProblem(undefined);
    void proof.run(async () => {
      try {
        await addPasskey(label);
      } catch (error) {
        if (!isGivenUp(error) && !isKnownHere(error)) throw error;
        setProblem(
          isKnownHere(error)
            ? 'This device has a passkey of yours already.'
            : 'No passkey was made.',
        );
        return;
      }
      form.reset();
      await settle();
    });
  }

  return (
    <section className={`card ${classes.section}`} aria-label="Passkeys">
      <h2>Passkeys</h2>
      <p>You sign in with your finger, your face or your device’s code, without a password.</p>
      {passkeys !== undefined && passkeys.length > 0 && (
        <ul className={classes.rows}>
          {passkeys.map((passkey) => (
            <PasskeyRow
              key={passkey.id}
              passkey={passkey}
              remove={() => void proof.run(() => removePasskey(passkey.id).then(settle))}
            />
          ))}
        </ul>
      )}
      {hasPasskeys() ? (
        <form className={classes.fields} aria-label="Add a passkey" onSubmit={onSubmit}>
          <TextInput
            label="Name of this device"
            name="label"
            placeholder="My phone"
            maxLength={60}
            required
          />
          <div className={classes.buttons}>
            <Button type="submit">Add a passkey</Button>
          </div>
        </form>
      ) : (
        <p>
          This browser makes none here: open this page by https, or as localhost, and not by an
          address of numbers.
        </p>
      )}
      {problem !== undefined && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

interface PasskeyRowProps {
  readonly passkey: PasskeyList['passkeys'][number];
  readonly remove: () => void;
}

function PasskeyRow({ passkey: { label, addedAt, usedAt }, remove }: PasskeyRowProps) {
  return (
    <li>
      <span>
        {label}
        <br />
        <small>
          Added {momentWords(Date.parse(addedAt))}
          {usedAt !== null && `, last used ${momentWords(Date.parse(usedAt))}`}
        </small>
      </span>
      <Button size="compact-sm" variant="default" aria-label={`Remove ${label}`} onClick={remove}>
        Remove
      </Button>
    </li>
  );
}
