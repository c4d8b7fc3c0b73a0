/** The demo's nurse, who answers alarms: a program cannot. */
import type { AlarmView } from '@ausculta/contract/alarms';

/** The status of the answer. */
export async function acknowledge(url: string, alarm: AlarmView | undefined): Promise<number> {
  const body = { subjectId: alarm?.subjectId, priority: alarm?.priority };
  return (await answerAlarm(url, alarm, 'acknowledge', body)).status;
}

export async function answerAlarm(
  url: string,
  alarm: AlarmView | undefined,
  how: 'acknowledge' | 'snooze',
  body: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const json = { 'content-type': 'application/json', origin: url };
  const login = JSON.stringify({ loginName: 'nurse', password: 'demo-ausculta' });
  const session = await fetch(`${url}/api/session`, { method: 'POST', headers: json, body: login });
  const cookie = session.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const answer = await fetch(`${url}/api/alarms/${encodeURIComponent(alarm?.id ?? '')}/${how}`, {
    method: 'POST',
    headers: { ...json, cookie },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}
