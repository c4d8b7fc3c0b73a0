/** The room as a whole: the acts upon who wears what, and the work that follows from them. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { LogEntry } from '../line/entry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type ActPorts, Acts } from './acts.ts';
import { Reattribution, type ReattributionPorts } from './reattribution.ts';

export interface Wearing {
  readonly reattribution: Reattribution;
  readonly acts: Acts;
}

export async function openWearing(
  ports: ReattributionPorts & { readonly telemetry: Pick<Telemetry, 'heads' | 'pending'> } & Pick<
      ActPorts,
      'inLane' | 'holds' | 'organisationSeal' | 'newId' | 'onWorn'
    >,
): Promise<Wearing> {
  const reattribution = await Reattribution.open(ports);
  const { telemetry } = ports;
  const newestMs: ActPorts['newestMs'] = (series) => telemetry.heads.newestMs(series);
  const arriving: ActPorts['arriving'] = ({ id }) => placedWith(telemetry.pending(), id);
  return { reattribution, acts: new Acts({ ...ports, reattribution, newestMs, arriving }) };
}

function* placedWith(entries: readonly LogEntry[], deviceId: string): Generator<SubjectId> {
  for (const entry of entries) {
    if ('series' in entry) {
      for (const series of entry.series) if (series.deviceId === deviceId) yield series.subjectId;
    } else if (entry.kind === 'event' && entry.deviceId === deviceId) yield entry.subjectId;
  }
}
