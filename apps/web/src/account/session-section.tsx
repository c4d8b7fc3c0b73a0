import type { SessionList } from '@ausculta/contract/me';
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { endOtherSessions, endSession, mySessionsQuery } from '../api/account-queries.ts';
import { myAppsQuery } from '../api/app-queries.ts';
import { momentWords } from '../patient/time-words.ts';
import classes from './account-page.module.css';
import type { FreshProof } from './use-fresh-proof.tsx';

type OneSession = SessionList['sessions'][number];

const METHODS: Record<OneSession['method'], string> = {
  password: 'with the password',
  code: 'with password and code',
  'recovery-code': 'with a recovery code',
  passkey: 'with a passkey',
  link: 'by a link',
  provider: 'with an account of elsewhere',
};

export function SessionSection({ proof }: { readonly proof: FreshProof }) {
  const queryClient = useQueryClient();
  const { data: sessions } = useQuery(mySessionsQuery);
  const settle = () => queryClient.invalidateQueries({ queryKey: mySessionsQuery.queryKey });
  async function settleAll(): Promise<void> {
    await settle();
    await queryClient.invalidateQueries({ queryKey: myAppsQuery.queryKey });
  }
  return (
    <section className={`card ${classes.section}`} aria-label="Sessions">
      <h2>Where you are signed in</h2>
      <ul className={classes.rows}>
        {sessions?.map((session) => (
          <li key={session.id}>
            <span>
              {session.browser}
              {session.isThis && ' · this one'}
              <br />
              <small>
                Since {momentWords(Date.parse(session.beganAt))}, {METHODS[session.method]}; last
                seen {momentWords(Date.parse(session.lastSeenAt))}
              </small>
            </span>
            {!session.isThis && (
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => void proof.run(() => endSession(session.id).then(settle))}
              >
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions !== undefined && sessions.length > 1 && (
        <div className={classes.buttons}>
          <small>This shuts out every app that was let in, too.</small>
          <Button
            variant="default"
            onClick={() => void proof.run(() => endOtherSessions().then(settleAll))}
          >
            End all others
          </Button>
        </div>
      )}
    </section>
  );
}
