import type { ReportedEvent } from '@ausculta/vitals/event';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { decodeAstm } from './astm.ts';
import type { PartFault } from './decoded.ts';
import type { DeviceReading } from './device-report.ts';
import { decodeGatt, gattReport } from './gatt.ts';
import type { GattContext } from './gatt-readings.ts';
import { decodeHl7, type Hl7Decoded } from './hl7.ts';
import { hl7Fields } from './hl7-header.ts';
import { decodePhd, decodePhdData, hex, type PhdApdu } from './phd-apdu.ts';
import {
  type PhdConfiguration,
  readConfiguration,
  standardConfiguration,
} from './phd-configuration.ts';
import { phdReport } from './phd-readings.ts';
import { decodePoct } from './poct1a.ts';

/** One message of a device in our own words, beside what it says in its own: for people to look at. */
export interface Explained {
  /** The protocol's own fields: for GATT and HL7 named as their vectors name them. */
  readonly fields: unknown;
  readonly readings: readonly DeviceReading[];
  readonly waveforms: readonly WaveformRun[];
  readonly events: readonly ReportedEvent[];
  readonly faults: readonly PartFault[];
}

/**
 * Explains a message by the name of its language: "gatt:2a37", "hl7", "astm", "poct1a", "11073", or
 * "11073:02bc" to read a report by that standard configuration.
 */
export function explainMessage(
  language: string,
  bytes: Uint8Array,
  context: GattContext,
): Result<Explained> {
  const [name = '', detail = ''] = language.toLowerCase().split(':');
  switch (name) {
    case 'gatt':
      return explainGatt(detail, bytes, context);
    case 'hl7':
      return explainHl7(bytes, context);
    case '11073':
      return explainPhd(Number.parseInt(detail, 16), bytes, context);
    case 'astm': {
      const decoded = decodeAstm(bytes, context);
      if (!decoded.ok) return decoded;
      const { message, readings, faults } = decoded.value;
      return ok({ fields: message, readings, faults, ...NOTHING });
    }
    case 'poct1a': {
      const decoded = decodePoct(bytes);
      if (!decoded.ok) return decoded;
      const { message, readings, faults } = decoded.value;
      return ok({ fields: message, readings, faults, ...NOTHING });
    }
    default:
      return fail('PAYLOAD_MALFORMED', 'no language of this name');
  }
}

const NOTHING = { waveforms: [], events: [] };

function explainGatt(code: string, bytes: Uint8Array, context: GattContext): Result<Explained> {
  const decoded = decodeGatt(code, bytes);
  if (!decoded.ok) return decoded;
  const { readings, events, faults } = gattReport(code, decoded.value, context);
  return ok({ fields: decoded.value, readings, waveforms: [], events, faults });
}

function explainHl7(bytes: Uint8Array, context: GattContext): Result<Explained> {
  const decoded = decodeHl7(bytes, context);
  if (!decoded.ok) return decoded;
  const groups = 'groups' in decoded.value ? decoded.value.groups : [];
  const orders = groups.flatMap((group) => group.orders);
  return ok({
    fields: { ...hl7Fields(decoded.value.message), ...hl7Meaning(decoded.value) },
    readings: orders.flatMap((order) => order.readings),
    waveforms: orders.flatMap((order) => order.waveforms),
    events: [],
    faults: orders.flatMap((order) => order.faults),
  });
}

function hl7Meaning(decoded: Hl7Decoded): Record<string, unknown> {
  switch (decoded.kind) {
    case 'ack':
      return { kind: decoded.kind };
    case 'patient':
      return { kind: decoded.kind, adt: decoded.adt };
    case 'alerts':
      return { kind: decoded.kind, alerts: decoded.groups.flatMap(({ alerts }) => alerts) };
    case 'observations':
    case 'order':
      return { kind: decoded.kind };
    default:
      return decoded satisfies never;
  }
}

function explainPhd(configId: number, bytes: Uint8Array, context: GattContext): Result<Explained> {
  const whole = decodePhd(bytes);
  // Traces also hold the DATA APDU alone.
  const bare = whole.ok ? whole : decodePhdData(bytes);
  const decoded = bare.ok ? bare : whole;
  if (!decoded.ok) return decoded;
  const apdu = decoded.value;
  const fields = readable(apdu);
  const none = { fields, readings: [], faults: [], ...NOTHING };
  if (apdu.kind !== 'data' || apdu.message.kind !== 'event-report') return ok(none);
  const { event, eventTime, handle } = apdu.message;
  const configuration = configurationOf(apdu, configId);
  const { receivedAtMs, utcOffsetMinutes = 0 } = context;
  const clock = { receivedAtMs, utcOffsetMinutes, eventTime, scanner: handle };
  const report = phdReport(event, configuration, clock);
  const { readings, waveforms, events, faults } = report;
  return ok({ fields, readings, waveforms, events, faults });
}

/** Octets as hexadecimal, which is how the standard's examples show them. */
function readable(apdu: PhdApdu): unknown {
  const text = JSON.stringify(apdu, (_, value) =>
    value instanceof Uint8Array ? hex(value) : value,
  );
  return JSON.parse(text);
}

function configurationOf(apdu: PhdApdu, configId: number): PhdConfiguration {
  const isTold = apdu.kind === 'data' && apdu.message.kind === 'event-report';
  const event = isTold ? apdu.message.event : undefined;
  if (event?.kind === 'configuration') return readConfiguration(event.objects);
  return standardConfiguration(configId) ?? new Map();
}
