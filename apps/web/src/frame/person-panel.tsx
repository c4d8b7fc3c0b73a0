import type { Session } from '@ausculta/contract/session';
import { Button, SegmentedControl } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { RequestRefused } from '../api/client.ts';
import { forgetSession, signOut } from '../api/queries.ts';
import { changePreferences, type Preferences, usePreferences } from '../theme/preferences.ts';
import { BarPanel } from './bar-panel.tsx';

const PAGE_SCHEMES = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];
const WATCH_SCHEMES = PAGE_SCHEMES.slice(1).toReversed();
const ALARM_SIGNS = [
  { value: 'flash', label: 'Alarms flash' },
  { value: 'steady', label: 'Solid, no flashing' },
];

/** Who is signed in, how this browser draws, and the way out. */
export function PersonPanel({ session }: { readonly session: Session }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const preferences = usePreferences();
  const onWatch = useLocation({ select: (location) => location.pathname === '/watch' });

  const [isLeaving, setLeaving] = useState(false);
  const [problem, setProblem] = useState<string>();

  /** Whoever is not signed out must know it: the next at this screen would be taken for them. */
  async function leave(): Promise<void> {
    setLeaving(true);
    const failed = await signOut().then(
      () => undefined,
      (error: unknown) => error,
    );
    setLeaving(false);
    setProblem(whyStillSignedIn(failed));
    if (whyStillSignedIn(failed) !== undefined) return;
    // The live socket closes with the session: whatever that has led to, this is where one ends.
    await navigate({ to: '/sign-in', replace: true });
    forgetSession(queryClient);
  }

  return (
    <BarPanel name="person" label="Account and appearance">
      <b>
        {session.displayName}, {session.roles.join(', ')}
      </b>
      {onWatch ? (
        <>
          <SegmentedControl
            aria-label="Watch is drawn"
            size="xs"
            data={WATCH_SCHEMES}
            value={preferences.watch}
            onChange={(watch) => changePreferences({ watch: watch as Preferences['watch'] })}
          />
          <SegmentedControl
            aria-label="Alarms on this screen"
            size="xs"
            data={ALARM_SIGNS}
            value={preferences.steadyAlarms ? 'steady' : 'flash'}
            onChange={(sign) => changePreferences({ steadyAlarms: sign === 'steady' })}
          />
        </>
      ) : (
        <SegmentedControl
          aria-label="Pages are drawn"
          size="xs"
          data={PAGE_SCHEMES}
          value={preferences.pages}
          onChange={(pages) => changePreferences({ pages: pages as Preferences['pages'] })}
        />
      )}
      <Link to="/account">My account</Link>
      <Button size="compact-sm" variant="default" disabled={isLeaving} onClick={() => void leave()}>
        {isLeaving ? 'Signing out' : 'Sign out'}
      </Button>
      {problem !== undefined && (
        <p role="alert">
          <b>Not signed out.</b> {problem}
        </p>
      )}
    </BarPanel>
  );
}

/** A session that the server does not know any more has ended as well. */
function whyStillSignedIn(failed: unknown): string | undefined {
  if (failed === undefined) return undefined;
  if (!(failed instanceof RequestRefused)) return 'Something went wrong.';
  return failed.status === 401 ? undefined : failed.message;
}
