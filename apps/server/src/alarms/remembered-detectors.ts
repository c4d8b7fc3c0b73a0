/** What the detectors remembered at the last checkpoint, subject by subject. */
import type { Fault } from '@ausculta/vitals/fault';
import type { SubjectSnapshot } from '../line/snapshot.ts';
import { detectorContext } from '../telemetry/flush.ts';
import { readDetectorStates } from '../telemetry/store.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { AlarmWriterPorts } from './alarm-writer.ts';

/**
 * Without those of subjects that `beginAnew`, and of whom nothing can be opened: what is beyond a limit
 * is then found again by the next readings.
 */
export async function* rememberedDetectors(
  {
    sql,
    sealOf,
    onProblem,
  }: Pick<AlarmWriterPorts, 'sql' | 'onProblem'> & Pick<SubjectKeys, 'sealOf'>,
  beginAnew: ReadonlySet<string>,
): AsyncGenerator<SubjectSnapshot> {
  for (const row of await readDetectorStates(sql)) {
    const seal = sealOf(row.subject_id);
    // Erased: there is nothing to remember. A restored database brings such rows back.
    if (seal === undefined) continue;
    const opened = seal.open(row.sealed, detectorContext(row.subject_id));
    if (!opened.ok) {
      onProblem(`open detector state ${row.subject_id}`, brokenSeal(opened.fault));
      continue;
    }
    if (beginAnew.has(row.subject_id)) continue;
    yield JSON.parse(new TextDecoder().decode(opened.value)) as SubjectSnapshot;
  }
}

/** For the log: which fault, and nothing of what was sealed. */
export const brokenSeal = ({ code, detail }: Fault): Error => new Error(`${code}: ${detail ?? ''}`);
