/** Indicators on the parts of the server, where somebody has asked for them. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Outside } from '../outside.ts';
import { type IndicatorPorts, type IndicatorSettings, Indicators } from './indicators.ts';

/** What is due is looked for this often. */
const LOOK_MS = 1_000;

interface Given
  extends Omit<IndicatorPorts, 'settings' | 'usedFor' | 'read'>,
    Pick<Outside, 'every'> {
  readonly database: Pick<IndicatorPorts, 'read'>;
  readonly admissions: { readonly census: { usedFor(id: SubjectId): SubjectId } };
}

/** Reports from here on; returns what ends it. */
export function reportIndicators(
  settings: IndicatorSettings | undefined,
  { database, admissions, ...ports }: Given,
): () => Promise<void> {
  if (settings === undefined) return () => Promise.resolve();
  const usedFor = (id: SubjectId) => admissions.census.usedFor(id);
  const indicators = new Indicators({ ...ports, settings, usedFor, read: database.read });
  const stop = ports.every(LOOK_MS, () => indicators.tick());
  return async () => {
    stop();
    await indicators.close();
  };
}
