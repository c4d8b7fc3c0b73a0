/** Protocols as a whole: what people change, and who sees to it that the line follows. */

import type { Config } from '../config.ts';
import type { Outside } from '../outside.ts';
import { type ProtocolActPorts, ProtocolActs } from './acts.ts';
import { type KeeperPorts, PlanKeeper } from './keeper.ts';
import type { Library } from './library.ts';

export interface Protocols {
  readonly library: Library;
  readonly acts: ProtocolActs;
  readonly keeper: PlanKeeper;
}

type Given = Pick<ProtocolActPorts, 'inLane' | 'library' | 'organisationSeal'> &
  Pick<KeeperPorts, 'registry' | 'alarms' | 'telemetry'>;

interface House {
  readonly options: { readonly outside: Outside; readonly config: Pick<Config, 'timeZone'> };
  readonly vault: ProtocolActPorts['keys'];
}

export function openProtocols({ options, vault: keys }: House, given: Given): Protocols {
  const { outside, config } = options;
  const { library } = given;
  const ports = { ...outside, ...given, keys, timeZone: config.timeZone };
  return { library, acts: new ProtocolActs(ports), keeper: new PlanKeeper(ports) };
}

/** A move to another ward, or another category, is followed within a second. */
const LOOK_MS = 1_000;

export function keepPlans({ keeper }: Protocols, { every }: Pick<Outside, 'every'>): () => void {
  keeper.look();
  return every(LOOK_MS, () => keeper.look());
}
