/** Indicators on the parts of the server, where somebody has asked for them. */
import type { SubjectId } from '@ausculta/vitals/identity';
import { isInFigures } from '../access/leaving.ts';
import type { Viewers } from '../access/viewers.ts';
import type { Outside } from '../outside.ts';
import { type IndicatorPorts, type IndicatorSettings, Indicators } from './indicators.ts';

/** What is due is looked for this often. */
const LOOK_MS = 1_000;

interface Given
  extends Omit<IndicatorPorts, 'settings' | 'usedFor' | 'read' | 'isCounted'>,
    Pick<Outside, 'every'> {
  readonly database: Pick<IndicatorPorts, 'read'>;
  readonly viewers: Viewers;
  readonly admissions: { readonly census: { usedFor(id: SubjectId): SubjectId } };
}

/** Reports from here on; returns what ends it. */
export function reportIndicators(
  settings: IndicatorSettings | undefined,
  { database, admissions, viewers, ...ports }: Given,
): () => Promise<void> {
  if (settings === undefined) return () => Promise.resolve();
  const usedFor = (id: SubjectId) => admissions.census.usedFor(id);
  const isCounted: IndicatorPorts['isCounted'] = (subjectId, of) =>
    isInFigures(viewers.gate, { subjectId, ...of, nowMs: ports.nowMs() });
  const counting = { settings, usedFor, isCounted, read: database.read };
  const indicators = new Indicators({ ...ports, ...counting });
  const stop = ports.every(LOOK_MS, () => indicators.tick());
  return async () => {
    stop();
    await indicators.close();
  };
}
