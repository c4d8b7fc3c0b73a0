/** The routes of alarms: one that may be snoozed, and one that is acknowledged. */
import { eventually, type ServerHere } from './server.ts';

type AskRoute = (
  name: string,
  said: { params?: Record<string, string>; query?: string; body?: unknown },
) => Promise<unknown>;

/** Of a patient who has a fever and one high alarm. */
export async function walkAlarms(
  { server }: ServerHere,
  subjectId: string,
  ask: AskRoute,
): Promise<void> {
  const [high, fever] = await eventually('the alarms', async () => {
    const alarms = await server.alarms(subjectId);
    const found = [
      alarms.find(({ priority }) => priority === 'high')?.id,
      alarms.find(({ metric }) => metric === 'body-temperature')?.id,
    ] as const;
    return found.every((id) => id !== undefined) ? found : undefined;
  });
  await ask('GET /api/alarms', { query: `?state=all&subject=${subjectId}` });
  await ask('POST /api/alarms/:id/snooze', {
    params: { id: fever ?? '' },
    body: { subjectId, minutes: 15, reason: 'paracetamol given' },
  });
  await ask('POST /api/alarms/:id/acknowledge', {
    params: { id: high ?? '' },
    body: { subjectId },
  });
}
