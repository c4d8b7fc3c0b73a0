import type { SignInLink } from '@ausculta/contract/accounts';
import { Button, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import account from '../account/account-page.module.css';
import { isFault } from '../account/proof-form.tsx';
import type { FreshProof } from '../account/use-fresh-proof.tsx';
import { accountsQuery, addAccount } from '../api/account-queries.ts';
import { LinkShown } from './link-shown.tsx';
import { RoleBoxes } from './role-boxes.tsx';

export function NewAccountForm({ proof }: { readonly proof: FreshProof }) {
  const queryClient = useQueryClient();
  const [roles, setRoles] = useState<readonly string[]>(['nurse']);
  const [link, setLink] = useState<SignInLink>();
  const [isTaken, setTaken] = useState(false);

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const text = (name: string): string => String(fields.get(name) ?? '').trim();
    const wanted = {
      displayName: text('displayName'),
      loginName: text('loginName'),
      roles: [...roles],
    };
    setTaken(false);
    void proof.run(async () => {
      try {
        setLink(await addAccount(wanted));
      } catch (error) {
        if (!isFault(error, 'LOGIN_TAKEN')) throw error;
        setTaken(true);
        return;
      }
      form.reset();
      await queryClient.invalidateQueries({ queryKey: accountsQuery.queryKey });
    });
  }

  return (
    <section className={`card ${account.section}`} aria-label="Add a person">
      <h2>Add a person</h2>
      {link !== undefined && <LinkShown link={link} />}
      <form className={account.fields} aria-label="A new account" onSubmit={onSubmit}>
        <TextInput label="Name" name="displayName" maxLength={200} required />
        <TextInput
          label="Login name"
          name="loginName"
          maxLength={100}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          error={isTaken && 'Another account has this login name.'}
        />
        <RoleBoxes roles={roles} onChange={setRoles} />
        <Button type="submit" disabled={roles.length === 0}>
          Add, and make a link
        </Button>
      </form>
    </section>
  );
}
