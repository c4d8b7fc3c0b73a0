/**
 * Which health devices may associate here: a list that an administrator writes. An agent is known by
 * the system id that it tells, its EUI-64, *and* by where it stands; the id alone proves nothing.
 */
import type { DeviceId } from '@ausculta/vitals/identity';
import { z } from 'zod';
import {
  DeviceIdForm,
  mayStandThere,
  type Peer,
  readList,
  STANDING_FIELDS,
  STANDS_SOMEWHERE,
  type Standing,
  standingOf,
  UtcOffsetForm,
} from '../peers.ts';

export interface PhdAgent extends Standing {
  /** The registered device that it is. */
  readonly device: DeviceId;
  /** Sixteen hexadecimal digits, in capitals. */
  readonly systemId: string;
  /** Of a device that several people share: which of its persons wears it here (safety S16). */
  readonly userSlot: number | undefined;
  /** Where the agent's clock is read off: it tells local time without a zone. */
  readonly utcOffsetMinutes: number | undefined;
}

/** Person ids that name somebody: 0 is everybody, 0xFFFF somebody unknown. */
const SLOT_MAX = 0xfffe;

const AgentForm = z
  .strictObject({
    ...STANDING_FIELDS,
    device: DeviceIdForm,
    systemId: z
      .string()
      .regex(/^[0-9A-Fa-f]{16}$/)
      .transform((text) => text.toUpperCase()),
    userSlot: z.int().min(1).max(SLOT_MAX).optional(),
    utcOffsetMinutes: UtcOffsetForm,
  })
  .refine(...STANDS_SOMEWHERE);

const AgentsForm = z
  .strictObject({ agents: z.array(AgentForm).min(1) })
  .superRefine(({ agents }, context) => {
    const ids = agents.map(({ systemId }) => systemId);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) < index);
    if (twice < 0) return;
    const message = 'is that of another agent';
    context.addIssue({ code: 'custom', path: ['agents', twice, 'systemId'], message });
  });

/** The list of a file's text; a text says what is wrong with it, and where. */
export function readAgents(text: string): readonly PhdAgent[] | string {
  const list = readList(text, AgentsForm);
  if (typeof list === 'string') return list;
  return list.agents.map(({ addresses, certificate, userSlot, utcOffsetMinutes, ...rest }) => ({
    ...rest,
    ...standingOf({ addresses, certificate }),
    userSlot,
    utcOffsetMinutes,
  }));
}

export function findAgent(
  agents: readonly PhdAgent[],
  peer: Peer,
  systemId: string,
): PhdAgent | undefined {
  return agents.find((agent) => agent.systemId === systemId && mayStandThere(agent, peer));
}
