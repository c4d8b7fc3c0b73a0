/** The routes of what somebody should look at: a look at a guarded record is one. */
import { eventually } from './server.ts';

type Json = Record<string, unknown>;

interface Walking {
  readonly subjectId: string;
  readonly ask: (
    route: string,
    said?: {
      readonly params?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      readonly as?: 'person';
    },
  ) => Promise<Json>;
}

export async function walkOversight({ subjectId, ask }: Walking): Promise<void> {
  const params = { id: subjectId };
  await ask('PUT /api/subjects/:id/guard', { params });
  await ask('GET /api/subjects/:id/team', { params, as: 'person' });
  const hint = await eventually('a hint', async () => {
    const { unusual } = (await ask('GET /api/oversight')) as { unusual: { id: string }[] };
    return unusual[0];
  });
  await ask('GET /api/oversight/waiting');
  const review = { params: { id: hint.id }, body: { outcome: 'explained' } };
  await ask('POST /api/oversight/:id/review', review);
  await ask('DELETE /api/subjects/:id/guard', { params });
}
