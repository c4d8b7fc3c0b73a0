import type { ReportedEvent } from '@ausculta/vitals/event';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { decodeAppleHealth } from './apple-health.ts';
import { decodeAstm } from './astm.ts';
import { decodeClarityCsv } from './clarity-csv.ts';
import type { DecodedReadings, PartFault } from './decoded.ts';
import type { DeviceReading } from './device-report.ts';
import { decodeEventsJson } from './events-json.ts';
import { decodeGatt, gattReport } from './gatt.ts';
import type { GattContext } from './gatt-readings.ts';
import { decodeHl7, type Hl7Decoded } from './hl7.ts';
import { hl7Fields } from './hl7-header.ts';
import { decodeNightscout } from './nightscout.ts';
import { decodeOpenMhealth, type OmhSchemaId } from './open-mhealth.ts';
import { decodePhd, decodePhdData, hex, type PhdApdu } from './phd-apdu.ts';
import {
  type PhdConfiguration,
  readConfiguration,
  standardConfiguration,
} from './phd-configuration.ts';
import { phdReport } from './phd-readings.ts';
import { decodePlainJson } from './plain-json.ts';
import { decodePoct } from './poct1a.ts';
import { decodeSenml } from './senml.ts';

/** One message of a device in our own words, beside what it says in its own: for people to look at. */
export interface Explained {
  /** The language's own fields: for GATT and HL7 named as their vectors name them. */
  readonly fields: object;
  readonly readings: readonly DeviceReading[];
  readonly waveforms: readonly WaveformRun[];
  readonly events: readonly ReportedEvent[];
  readonly faults: readonly PartFault[];
}

interface Language {
  /** The name, and what may follow it after a colon. */
  readonly usage: string;
  /** `detail` is what followed, or ''. */
  readonly explain: (
    detail: string,
    bytes: Uint8Array,
    context: GattContext,
  ) => Result<Partial<Explained>>;
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  '11073': { usage: '11073[:02bc]', explain: explainPhd },
  gatt: { usage: 'gatt:2a37', explain: explainGatt },
  hl7: { usage: 'hl7', explain: (_, bytes, context) => explainHl7(bytes, context) },
  astm: {
    usage: 'astm',
    explain: (_, bytes, context) => explainRecords(decodeAstm(bytes, context)),
  },
  poct1a: { usage: 'poct1a', explain: (_, bytes) => explainRecords(decodePoct(bytes)) },
  senml: {
    usage: 'senml',
    explain: (_, bytes, context) => explainPlain(decodeSenml(bytes, context.receivedAtMs)),
  },
  nightscout: { usage: 'nightscout', explain: (_, bytes) => explainPlain(decodeNightscout(bytes)) },
  clarity: {
    usage: 'clarity',
    explain: (_, bytes, context) => explainPlain(decodeClarityCsv(bytes, context)),
  },
  'open-mhealth': {
    usage: 'open-mhealth[:heart-rate:2.0]',
    explain: (schema, bytes) => explainPlain(decodeOpenMhealth(bytes, readSchemaId(schema))),
  },
  'apple-health': {
    usage: 'apple-health',
    explain: (_, bytes) => explainPlain(decodeAppleHealth(bytes)),
  },
  json: { usage: 'json', explain: (_, bytes) => explainPlain(decodePlainJson(bytes)) },
  events: { usage: 'events', explain: (_, bytes) => decodeEventsJson(bytes) },
};

/** How languages are named: "gatt:2a37" stands for any characteristic, what is in brackets may go. */
export const LANGUAGE_USAGES: readonly string[] = Object.values(LANGUAGES).map(
  ({ usage }) => usage,
);

export function isLanguage(language: string): boolean {
  return Object.hasOwn(LANGUAGES, nameOf(language));
}

/**
 * Explains a message by the name of its language: "gatt:2a37", "hl7", or "11073:02bc" to read a report
 * by that standard configuration.
 */
export function explainMessage(
  language: string,
  bytes: Uint8Array,
  context: GattContext,
): Result<Explained> {
  const name = nameOf(language);
  const known = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
  if (known === undefined) return fail('PAYLOAD_MALFORMED', 'no language of this name');
  const explained = known.explain(language.slice(name.length + 1), bytes, context);
  return explained.ok ? ok({ ...NOTHING, ...explained.value }) : explained;
}

const NOTHING: Explained = { fields: {}, readings: [], waveforms: [], events: [], faults: [] };

function nameOf(language: string): string {
  return (language.split(':')[0] ?? '').toLowerCase();
}

/** "heart-rate:2.0", or '' where a message says its schema itself. */
function readSchemaId(text: string): OmhSchemaId | undefined {
  const [name = '', version = ''] = text.split(':');
  return name === '' ? undefined : { name, version: Number.parseFloat(version) };
}

/** Where the language has nothing to tell beyond readings. */
function explainPlain(decoded: Result<DecodedReadings>): Result<Partial<Explained>> {
  if (!decoded.ok) return decoded;
  const { readings, faults, sentMs } = decoded.value;
  return ok({ fields: sentMs === undefined ? {} : { sentMs }, readings, faults });
}

/** Languages whose message is a tree of patients, orders and results. */
function explainRecords(
  decoded: Result<DecodedReadings & { readonly message: object }>,
): Result<Partial<Explained>> {
  if (!decoded.ok) return decoded;
  const { message, readings, faults } = decoded.value;
  return ok({ fields: message, readings, faults });
}

function explainGatt(
  code: string,
  bytes: Uint8Array,
  context: GattContext,
): Result<Partial<Explained>> {
  const decoded = decodeGatt(code, bytes);
  if (!decoded.ok) return decoded;
  const { readings, events, faults } = gattReport(code, decoded.value, context);
  return ok({ fields: decoded.value, readings, events, faults });
}

function explainHl7(bytes: Uint8Array, context: GattContext): Result<Partial<Explained>> {
  const decoded = decodeHl7(bytes, context);
  if (!decoded.ok) return decoded;
  const groups = 'groups' in decoded.value ? decoded.value.groups : [];
  const orders = groups.flatMap((group) => group.orders);
  return ok({
    fields: { ...hl7Fields(decoded.value.message), ...hl7Meaning(decoded.value) },
    readings: orders.flatMap((order) => order.readings),
    waveforms: orders.flatMap((order) => order.waveforms),
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

function explainPhd(
  configuration: string,
  bytes: Uint8Array,
  context: GattContext,
): Result<Partial<Explained>> {
  const whole = decodePhd(bytes);
  // Traces also hold the DATA APDU alone.
  const bare = whole.ok ? whole : decodePhdData(bytes);
  const decoded = bare.ok ? bare : whole;
  if (!decoded.ok) return decoded;
  const apdu = decoded.value;
  const fields = readable(apdu);
  if (apdu.kind !== 'data' || apdu.message.kind !== 'event-report') return ok({ fields });
  const { event, eventTime, handle } = apdu.message;
  const known = configurationOf(apdu, Number.parseInt(configuration, 16));
  const { receivedAtMs, utcOffsetMinutes = 0 } = context;
  const clock = { receivedAtMs, utcOffsetMinutes, eventTime, scanner: handle };
  const { readings, waveforms, events, faults } = phdReport(event, known, clock);
  return ok({ fields, readings, waveforms, events, faults });
}

/** Octets as hexadecimal, which is how the standard's examples show them. */
function readable(apdu: PhdApdu): object {
  const text = JSON.stringify(apdu, (_, value) =>
    value instanceof Uint8Array ? hex(value) : value,
  );
  return JSON.parse(text) as object;
}

function configurationOf(apdu: PhdApdu, configId: number): PhdConfiguration {
  const isTold = apdu.kind === 'data' && apdu.message.kind === 'event-report';
  const event = isTold ? apdu.message.event : undefined;
  if (event?.kind === 'configuration') return readConfiguration(event.objects);
  return standardConfiguration(configId) ?? new Map();
}
