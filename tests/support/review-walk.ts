/** The routes that look back at alarms. */
type AskRoute = (
  name: string,
  said: { readonly query?: string; readonly body?: unknown },
) => Promise<unknown>;

export async function walkReview(subjectId: string, nowMs: number, ask: AskRoute): Promise<void> {
  const span = { fromMs: nowMs - 60_000, toMs: nowMs + 60_000 };
  await ask('GET /api/alarm-statistics', { query: `?from=${span.fromMs}&to=${span.toMs}` });
  const tune = [{ rule: 'limit/heart-rate/high', limit: 191 }];
  await ask('POST /api/what-if', { body: { ...span, subjects: [subjectId], tune } });
}
