import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useFreshProof } from '../account/use-fresh-proof.tsx';
import { appRequestQuery, letIn, refuse } from '../api/app-queries.ts';
import { MissingState } from '../frame/list-states.tsx';
import classes from './app-decision.module.css';
import { AppDecisionForm } from './app-decision.tsx';

export const Route = createLazyRoute('/workspace/authorise/$uid')({ component: AuthorisePage });

/** Where an app has sent the browser: its person decides, and is sent back. */
function AuthorisePage() {
  const { uid } = useParams({ from: '/workspace/authorise/$uid' });
  const { data: request, error } = useQuery(appRequestQuery(uid));
  const proof = useFreshProof();
  const [isBusy, setBusy] = useState(false);

  function decide(act: () => Promise<string>): void {
    setBusy(true);
    void proof.run(async () => window.location.assign(await act())).finally(() => setBusy(false));
  }

  if (error !== null) return <NothingAsked />;
  return (
    <main className={classes.page} aria-label="Let an app in" aria-busy={request === undefined}>
      <div className={classes.column}>
        {proof.notice}
        {request !== undefined && (
          <AppDecisionForm
            request={request}
            isBusy={isBusy}
            onLetIn={(decision) => decide(() => letIn(uid, decision))}
            onRefuse={() => decide(() => refuse(uid))}
          />
        )}
      </div>
    </main>
  );
}

function NothingAsked() {
  return (
    <MissingState
      title="No app waits for you here"
      text="It asked too long ago, in another browser, or for somebody else. Open the app anew; nothing was given to it."
    >
      <Link to="/watch">Back to Watch</Link>
    </MissingState>
  );
}
