/**
 * IHE PCD-04: tells an alarm manager of the house which bed has an alarm and how urgent it is. Not whose it is, and
 * not what was found: that is for the screen (safety S10). What it acknowledges is that a machine has it.
 */

import { createHash } from 'node:crypto';
import { readAck } from '@ausculta/codecs/hl7-ack';
import { parseHl7 } from '@ausculta/codecs/hl7-message';
import type { Hl7Location } from '@ausculta/codecs/hl7-patient';
import { writeAlert } from '@ausculta/codecs/hl7-writer';
import { type MllpPorts, sendMllp } from '../outgoing/mllp-out.ts';
import type { Sent } from '../subscriptions/rest-hook.ts';
import type { AlarmManager } from './gateways.ts';
import type { WaitingRow } from './store.ts';

const APPLICATION = 'AUSCULTA';
const ALARM = { code: '196616', text: 'MDC_EVT_ALARM', system: 'MDC' } as const;

export interface Reported {
  readonly row: Pick<WaitingRow, 'id' | 'subject_id' | 'alarm_id' | 'round' | 'priority'>;
  readonly location: Hl7Location;
  readonly text: string;
  readonly nowMs: number;
}

/** Of the same alarm the same alert; its id says nothing of what was found. */
const alertId = ({ subject_id, alarm_id }: Reported['row']): string =>
  createHash('sha256')
    .update(JSON.stringify([subject_id, alarm_id]))
    .digest('base64url')
    .slice(0, 32);

export function alertReport({ row, location, text, nowMs }: Reported): string {
  const alert = {
    ...{ id: `${alertId(row)}^${APPLICATION}`, event: ALARM, text, stampMs: nowMs },
    ...{ phase: row.round === 1 ? 'start' : 'continue', state: 'active', priority: row.priority },
  };
  const sender = { application: APPLICATION, equipment: APPLICATION, nowMs, controlId: row.id };
  return writeAlert(alert, { location }, sender);
}

export async function reportAlert(
  { host, port, tls }: AlarmManager,
  reported: Reported,
  ports: MllpPorts & { readonly timeoutMs: number },
): Promise<Sent> {
  const reply = await sendMllp({ host, port, tls }, alertReport(reported), ports);
  if (reply.kind === 'none') return { ok: false, reason: `The alarm manager: ${reply.reason}.` };
  const message = parseHl7(reply.bytes);
  const ack = message.ok ? readAck(message.value) : undefined;
  if (ack === undefined || ack.controlId !== reported.row.id)
    return { ok: false, reason: 'The alarm manager answered with no acknowledgement of it.' };
  return ack.isAccepted
    ? { ok: true }
    : {
        ok: false,
        reason: `The alarm manager answered ${/^[AC][AER]$/.test(ack.code) ? ack.code : 'no code'}.`,
      };
}
