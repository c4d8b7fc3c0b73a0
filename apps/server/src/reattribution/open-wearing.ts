/** The room as a whole: the acts upon who wears what, and the work that follows from them. */
import { type ActPorts, Acts } from './acts.ts';
import { Reattribution, type ReattributionPorts } from './reattribution.ts';

export interface Wearing {
  readonly reattribution: Reattribution;
  readonly acts: Acts;
}

export async function openWearing(
  ports: ReattributionPorts &
    Pick<ActPorts, 'inLane' | 'holds' | 'organisationSeal' | 'newId' | 'onWorn'>,
): Promise<Wearing> {
  const reattribution = await Reattribution.open(ports);
  const { heads } = ports.telemetry;
  const acts = new Acts({ ...ports, reattribution, newestMs: (series) => heads.newestMs(series) });
  return { reattribution, acts };
}
