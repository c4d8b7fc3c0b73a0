/** Opens the door for health devices (IEEE 11073-20601) by its settings. */
import type { DescribePorts } from '../devices/describe.ts';
import type { Registry } from '../devices/registry.ts';
import type { ListedDoor } from '../door-settings.ts';
import { portProblem } from '../port-problem.ts';
import type { TlsSource } from '../tls-source.ts';
import { type DoorNames, readDoorList } from './door-files.ts';
import type { IntakePorts } from './intake.ts';
import type { Listening } from './listener.ts';
import { readAgents } from './phd/agents.ts';
import { openPhdDoor } from './phd.ts';

const NAMES: DoorNames = {
  door: 'PHD',
  list: 'AUSCULTA_PHD_AGENTS',
  unusable: 'PHD_DOOR_UNUSABLE',
};

export interface PhdListenerPorts extends DescribePorts {
  readonly intake: IntakePorts;
  readonly registry: Registry;
}

/** Undefined where the settings leave the door closed. */
export async function openPhd(
  listen: ListedDoor | undefined,
  tls: TlsSource | undefined,
  { intake, registry, nowMs, inLane }: PhdListenerPorts,
): Promise<Listening | undefined> {
  if (listen === undefined) return undefined;
  const { host, port } = listen;
  const agents = readDoorList(NAMES, listen, readAgents);
  return await openPhdDoor(
    { host, port, agents, tls },
    { intake, nowMs, inLane, deviceById: (id) => registry.devices.get(id) },
  ).catch((cause: unknown) => {
    throw portProblem('PHD', listen, cause);
  });
}
