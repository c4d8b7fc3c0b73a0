import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { RequestRefused, tell } from '../api/client.ts';
import { deviceQuery, devicesQuery, subjectsQuery } from '../api/queries.ts';
import type { WearingPlan } from './wearing-plan.ts';

/** Says it to the server; nothing is shown as done before the server says so. */
export function useSayWearing(deviceId: string) {
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [done, setDone] = useState(false);
  const say = useCallback(
    async (plan: WearingPlan): Promise<boolean> => {
      setBusy(true);
      setDone(false);
      setProblem(undefined);
      const failed = await tell(pathOf(deviceId, plan), {
        method: 'POST',
        body: bodyOf(plan),
      }).then(
        () => undefined,
        (error: unknown) => error,
      );
      setBusy(false);
      setDone(failed === undefined);
      if (failed !== undefined) setProblem(reasonOf(failed));
      for (const { queryKey } of [deviceQuery(deviceId), devicesQuery, subjectsQuery]) {
        void client.invalidateQueries({ queryKey });
      }
      return failed === undefined;
    },
    [client, deviceId],
  );
  return { say, isBusy, problem, done };
}

const ROUTES: Readonly<Record<WearingPlan['kind'], string>> = {
  give: 'assignment',
  'take-off': 'unassignment',
  correct: 'correction',
};

function pathOf(deviceId: string, { kind }: WearingPlan): string {
  return `/api/devices/${encodeURIComponent(deviceId)}/${ROUTES[kind]}`;
}

function bodyOf(plan: WearingPlan): object {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  switch (plan.kind) {
    case 'give': {
      const { toId: subjectId, fromMs } = plan;
      return { subjectId, ...(fromMs !== undefined && { from: iso(fromMs) }) };
    }
    case 'take-off':
      return plan.atMs === undefined ? {} : { at: iso(plan.atMs) };
    case 'correct': {
      const { toId: subjectId, fromMs, untilMs } = plan;
      return { subjectId, from: iso(fromMs), until: untilMs === null ? null : iso(untilMs) };
    }
    default:
      return plan satisfies never;
  }
}

/** An answer that was lost may have been a yes: the history is asked for again, and shows it. */
function reasonOf(failed: unknown): string {
  if (!(failed instanceof RequestRefused)) return 'Something went wrong.';
  if (failed.status === 0 || failed.status >= 500) {
    return 'Or the answer was lost: see the history before you say it again.';
  }
  return failed.message;
}
