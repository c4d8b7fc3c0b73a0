import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { launchableAppsQuery, openApp } from '../api/app-queries.ts';
import classes from './app-decision.module.css';

/** Apps of others that can be opened for this patient, beside this page: its alarms go on. */
export function AppLinks({ subjectId }: { readonly subjectId: string }) {
  const { data: apps = [] } = useQuery(launchableAppsQuery);
  const [problem, setProblem] = useState<string>();
  if (apps.length === 0) return null;

  async function open(clientId: string): Promise<void> {
    setProblem(undefined);
    // Before anything is waited for: later no browser opens a page by itself.
    const tab = window.open('', '_blank');
    try {
      const url = await openApp({ clientId, subjectId });
      if (tab === null) return setProblem('Your browser opens no further page. Allow it to.');
      tab.opener = null;
      tab.location.href = url;
    } catch {
      tab?.close();
      setProblem('The app cannot be opened now. Try again.');
    }
  }

  return (
    <div className={classes.links}>
      {apps.map(({ id, name }) => (
        <Button key={id} size="compact-sm" variant="default" onClick={() => void open(id)}>
          Open {name}
        </Button>
      ))}
      {problem !== undefined && <span role="alert">{problem}</span>}
    </div>
  );
}
