import type { AccountView } from '@ausculta/contract/accounts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import account from '../account/account-page.module.css';
import { useFreshProof } from '../account/use-fresh-proof.tsx';
import { accountsQuery } from '../api/account-queries.ts';
import list from '../frame/list-page.module.css';
import { ErrorState } from '../frame/list-states.tsx';
import { momentWords } from '../patient/time-words.ts';
import { AccountDetail } from './account-detail.tsx';
import classes from './accounts-page.module.css';
import { NewAccountForm } from './new-account-form.tsx';
import { roleWords } from './role-words.ts';

export const Route = createLazyRoute('/workspace/accounts')({ component: AccountsPage });

const NOT_LOADED = {
  title: 'The accounts cannot be loaded',
  forWhom:
    'Administrators keep the accounts. Ask one of them to let somebody in, or to change a role.',
};

/** Undefined: nobody; `new`: somebody who is not there yet. */
type Chosen = string | undefined;

/** Who may sign in, and as what. */
function AccountsPage() {
  const { data: accounts, error, refetch } = useQuery(accountsQuery);
  const [chosen, setChosen] = useState<Chosen>();
  const proof = useFreshProof();
  if (accounts === undefined && error !== null) {
    const retry = () => void refetch();
    return <ErrorState {...NOT_LOADED} error={error} retry={retry} />;
  }
  const one = accounts?.find(({ id }) => id === chosen);
  return (
    <main className={list.page} aria-label="Accounts" aria-busy={accounts === undefined}>
      {proof.notice}
      <div className={classes.columns}>
        <div className={`card ${list.card}`}>
          <table className={`${list.table} ${classes.table}`}>
            <thead>
              <tr>
                <th scope="col">Person</th>
                <th scope="col">Roles</th>
                <th scope="col">Signs in by</th>
                <th scope="col">Last seen</th>
              </tr>
            </thead>
            <tbody>
              {accounts?.map((row) => (
                <Row
                  key={row.id}
                  account={row}
                  isChosen={row.id === chosen}
                  choose={() => setChosen(row.id)}
                />
              ))}
            </tbody>
          </table>
        </div>
        <div className={account.column}>
          <Button onClick={() => setChosen('new')}>Add a person</Button>
          {chosen === 'new' && <NewAccountForm proof={proof} />}
          {one !== undefined && <AccountDetail key={one.id} account={one} proof={proof} />}
        </div>
      </div>
    </main>
  );
}

interface RowProps {
  readonly account: AccountView;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

function Row({ account: { displayName, loginName, roles, ...rest }, isChosen, choose }: RowProps) {
  return (
    <tr data-chosen={isChosen || undefined}>
      <td>
        <button type="button" className={`${list.name} ${classes.name}`} onClick={choose}>
          {displayName}
        </button>
        <br />
        <small>{loginName}</small>
      </td>
      <td>{roles.map(roleWords).join(', ')}</td>
      <td>{stateWords(rest)}</td>
      <td>
        {rest.lastSeenAt === null ? (
          <span className={list.quiet}>Not signed in</span>
        ) : (
          momentWords(Date.parse(rest.lastSeenAt))
        )}
      </td>
    </tr>
  );
}

type Proofs = Pick<
  AccountView,
  'isDisabled' | 'hasPassword' | 'hasSecondFactor' | 'passkeys' | 'signOnIssuers'
>;

function stateWords({ isDisabled, ...account }: Proofs): string {
  if (isDisabled) return 'Out of use';
  const { hasPassword, hasSecondFactor, passkeys, signOnIssuers } = account;
  const ways = [
    ...(hasPassword ? [hasSecondFactor ? 'Password and code' : 'Password'] : []),
    ...(passkeys > 0 ? ['passkey'] : []),
    ...(signOnIssuers.length > 0 ? ['account elsewhere'] : []),
  ].join(', ');
  return ways === '' ? 'Has not come in yet' : ways.charAt(0).toUpperCase() + ways.slice(1);
}
