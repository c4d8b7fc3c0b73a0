/** The routes of who is called: a policy, who is on, and what was sent of an alarm. */

type Json = Record<string, unknown>;

interface Walking {
  readonly subjectId: string;
  readonly name: string;
  readonly ask: (
    route: string,
    said?: {
      readonly params?: Readonly<Record<string, string>>;
      readonly query?: string;
      readonly body?: unknown;
      readonly as?: 'person' | 'nobody';
    },
  ) => Promise<Json>;
}

export async function walkCalling({ subjectId, name, ask }: Walking): Promise<void> {
  const on = { duty: 'ward-nurse', unit: name.slice(0, 50) };
  const { accountId } = await ask('POST /api/roster', { body: on, as: 'person' });
  const seconds = { high: 30, medium: 60 };
  const tier = {
    ...{ name, channels: ['mail'], afterSeconds: seconds, repeatSeconds: seconds },
    who: [
      { kind: 'duty', duty: 'ward-nurse' },
      { kind: 'account', accountId },
    ],
  };
  await ask('PUT /api/calling/policy', { body: { routes: [{ name, units: [], tiers: [tier] }] } });
  await ask('GET /api/calling');
  const { turns } = (await ask('GET /api/roster')) as { turns: { id: string }[] };
  const ended = { params: { id: String(turns[0]?.id) }, body: { even: 'nobody' } };
  await ask('POST /api/roster/:id/end', { ...ended, as: 'person' });
  await ask('PUT /api/me/calling', { body: { mail: 'nobody@ward.example', number: null } });
  await ask('GET /api/me/calling');
  await ask('POST /api/me/calling/test');
  const { alarms } = (await ask('GET /api/alarms', { query: '?state=all' })) as {
    alarms: { id: string; subjectId: string }[];
  };
  const alarm = alarms.find((one) => one.subjectId === subjectId);
  await ask('GET /api/alarms/:id/calls', {
    ...{ params: { id: String(alarm?.id) }, query: `?subject=${subjectId}` },
  });
  await ask('GET /api/calls/untaken');
  const call = { id: 'A'.repeat(32) };
  await ask('POST /api/calls/:id/opened', { params: call });
  await ask('POST /api/calls/:id/answer', { params: call, body: { token: 'none' }, as: 'nobody' });
}
