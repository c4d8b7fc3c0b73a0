import type { AccountView, SignInLink } from '@ausculta/contract/accounts';
import { Button, Checkbox } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import styles from '../account/account-page.module.css';
import type { FreshProof } from '../account/use-fresh-proof.tsx';
import { accountsQuery, makeLink, setInUse, setRoles } from '../api/account-queries.ts';
import { useMay } from '../api/use-may.ts';
import { LinkShown } from './link-shown.tsx';
import { RoleBoxes } from './role-boxes.tsx';
import { ShiftSection } from './shift-section.tsx';

interface AccountDetailProps {
  readonly account: AccountView;
  readonly proof: FreshProof;
}

export function AccountDetail({ account, proof }: AccountDetailProps) {
  const { id, displayName, loginName, isDisabled, hasSecondFactor } = account;
  const { passkeys, signOnIssuers } = account;
  const queryClient = useQueryClient();
  const may = useMay();
  const [roles, chooseRoles] = useState<readonly string[]>(account.roles);
  const [resetsFactors, setResets] = useState(false);
  const [link, setLink] = useState<SignInLink>();
  const settle = () => queryClient.invalidateQueries({ queryKey: accountsQuery.queryKey });
  const isChanged = [...roles].sort().join() !== [...account.roles].sort().join();

  return (
    <section className={`card ${styles.section}`} aria-label={displayName}>
      <h2>{displayName}</h2>
      <p>
        {loginName}
        {isDisabled && ', out of use'}
      </p>
      {signOnIssuers.length > 0 && <p>Signs in with an account at {signOnIssuers.join(', ')}</p>}
      <RoleBoxes roles={roles} onChange={chooseRoles} />
      <Button
        disabled={!isChanged || roles.length === 0}
        onClick={() => void proof.run(() => setRoles(id, roles).then(settle))}
      >
        Change the roles
      </Button>
      {!isDisabled && (
        <>
          {(hasSecondFactor || passkeys + signOnIssuers.length > 0) && (
            <Checkbox
              label="Second factor, passkeys and accounts elsewhere are lost as well"
              checked={resetsFactors}
              onChange={(event) => setResets(event.currentTarget.checked)}
            />
          )}
          <Button
            variant="default"
            onClick={() => void proof.run(async () => setLink(await makeLink(id, resetsFactors)))}
          >
            Make a link for a new password
          </Button>
        </>
      )}
      {link !== undefined && <LinkShown link={link} />}
      {may('administer policy') && !isDisabled && <ShiftSection accountId={id} />}
      <Button
        variant="default"
        onClick={() => void proof.run(() => setInUse(id, isDisabled).then(settle))}
      >
        {isDisabled ? 'Take back into use' : 'Take out of use, and sign out everywhere'}
      </Button>
    </section>
  );
}
