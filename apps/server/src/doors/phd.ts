/**
 * The door for health devices: IEEE 11073-20601 over TCP or TLS, this server as their manager. Off
 * until an administrator gives it a port and a list of agents. A confirmed report is answered only
 * once it is durable; where it cannot be, the association is aborted, and the agent keeps it.
 */
import type { PhdObject } from '@ausculta/codecs/phd-event';
import { type DescribePorts, describeDevice } from '../devices/describe.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { TlsSource } from '../tls-source.ts';
import type { IntakePorts } from './intake.ts';
import { type Listening, listen } from './listener.ts';
import { findAgent, type PhdAgent } from './phd/agents.ts';
import { PhdConnection } from './phd/connection.ts';

/** A device each; a household has few, a ward some hundred. */
const CONNECTIONS_MAX = 500;

export interface PhdDoorOptions {
  readonly host: string;
  readonly port: number;
  readonly agents: readonly PhdAgent[];
  readonly tls: TlsSource | undefined;
}

export interface PhdPorts extends DescribePorts {
  readonly intake: IntakePorts;
  readonly deviceById: (id: string) => RegisteredDevice | undefined;
}

interface Configured {
  readonly configId: number;
  readonly objects: readonly PhdObject[];
}

export function openPhdDoor(options: PhdDoorOptions, ports: PhdPorts): Promise<Listening> {
  const { agents } = options;
  const { intake, nowMs, deviceById } = ports;
  /** By system id: what an agent has told of its objects last, and where it is connected. */
  const configurations = new Map<string, Configured>();
  const associated = new Map<string, PhdConnection>();
  return listen(
    { ...options, list: agents, connectionsMax: CONNECTIONS_MAX },
    {
      onProblem: (error) => intake.onProblem('take a connection of a health device', error),
      open: (socket, peer, onEnd) =>
        new PhdConnection(socket, {
          intake,
          nowMs,
          find: (systemId) => {
            const agent = findAgent(agents, peer, systemId);
            const device = agent && deviceById(agent.device);
            return agent && device && !device.isDisabled ? { agent, device } : undefined;
          },
          configurationOf: ({ systemId, configId }) => {
            const known = configurations.get(systemId);
            return known?.configId === configId ? known.objects : undefined;
          },
          learn: ({ systemId, ...configured }) => void configurations.set(systemId, configured),
          onAssociated: (connection, systemId) => {
            // An agent that comes again has lost its line: nothing more comes by the old one.
            const before = associated.get(systemId);
            if (before !== connection) before?.drop();
            associated.set(systemId, connection);
            const agent = findAgent(agents, peer, systemId);
            const device = agent && deviceById(agent.device);
            if (device !== undefined) describeAgent(device, systemId, ports);
          },
          onEnd: (connection) => {
            for (const [systemId, one] of associated) {
              if (one === connection) associated.delete(systemId);
            }
            onEnd();
          },
        }),
    },
  );
}

/** Whoever speaks this language is a personal health device, unless a person has said something else. */
function describeAgent(device: RegisteredDevice, systemId: string, ports: PhdPorts): void {
  if (device.about.kind !== undefined) return;
  const about = { ...device.about, kind: 'personal', systemId: systemId.toUpperCase() } as const;
  describeDevice(ports, device, { about, actor: undefined }).catch((error: unknown) =>
    ports.intake.onProblem('describe a health device', error),
  );
}
