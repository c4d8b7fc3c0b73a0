/** The routes of protocols: written, followed, given and taken back. */
type Json = Record<string, unknown>;

type AskRoute = (
  route: string,
  said?: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: string;
    readonly body?: unknown;
  },
) => Promise<Json>;

export async function walkProtocols(ask: AskRoute, subjectId: string, text: string): Promise<void> {
  const params = { id: subjectId };
  await ask('GET /api/protocols');
  const ready = { params: { key: 'adult-ward', version: '1' } };
  const { rules, categories } = await ask('GET /api/protocols/:key/versions/:version', ready);
  const key = { params: { key: 'own-ward' } };
  const reason = `as decided: ${text}`;
  await ask('POST /api/protocols/:key/versions', { ...key, body: { categories, rules, reason } });
  await ask('POST /api/protocols/:key/followed', { ...key, body: { version: 1, reason } });
  const ward = { body: { protocol: 'own-ward', ward: text } };
  const { id: assignment } = await ask('POST /api/protocol-assignments', ward);
  await ask('GET /api/protocol-assignments');
  await ask('POST /api/protocol-assignments/:assignment/end', {
    params: { assignment: String(assignment) },
  });
  await ask('POST /api/subjects/:id/protocol', { params, body: { protocol: 'adult-ward' } });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const change = { kind: 'limit', limit: 140 };
  const override = { rule: 'limit/heart-rate/high', change, reason, until };
  const made = await ask('POST /api/subjects/:id/overrides', { params, body: override });
  await ask('GET /api/subjects/:id/protocol', { params });
  await ask('GET /api/subjects/:id/alarms/explain', { params, query: '?rule=score/news2' });
  await ask('POST /api/subjects/:id/overrides/:override/end', {
    params: { ...params, override: String(made['id']) },
    body: { reason },
  });
  await ask('POST /api/subjects/:id/protocol/end', { params });
}
