import type { Session } from '@ausculta/contract/session';
import { Button, SegmentedControl } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
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

  async function leave(): Promise<void> {
    // First away from the live screens: their socket is closed with the session.
    await navigate({ to: '/sign-in' });
    await signOut().catch(() => undefined);
    forgetSession(queryClient);
  }

  return (
    <BarPanel name="person" label="Account and appearance">
      <b>
        {session.displayName}, {session.role}
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
      <Button size="compact-sm" variant="default" onClick={() => void leave()}>
        Sign out
      </Button>
    </BarPanel>
  );
}
