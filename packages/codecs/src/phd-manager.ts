import type { Fault } from '@ausculta/vitals/fault';
import { OctetWriter } from './octets.ts';
import {
  decodePhd,
  encodePhd,
  MANAGER,
  MDER,
  type PhdApdu,
  type PhdAssociation,
} from './phd-apdu.ts';
import {
  isExtended,
  type PhdConfiguration,
  readConfiguration,
  standardConfiguration,
} from './phd-configuration.ts';
import type { PhdEvent, PhdObject } from './phd-event.ts';
import type { PhdMessage } from './phd-message.ts';
import { ownPart } from './phd-persons.ts';
import { type PhdReport, phdReport } from './phd-readings.ts';
import { confirmEntries } from './phd-store.ts';

/**
 * The manager's side of an association (IEEE 11073-20601 section 8) as a pure step: what came in and
 * what is known give what is known next, what to send, and what was measured. Whoever holds the
 * connection keeps the time-outs (10 s for association and configuration, 3 s for release and
 * confirmation), and sends a `reply` only after the report is durable.
 */
export type PhdManager =
  | { readonly phase: 'unassociated' }
  | ({ readonly phase: 'configuring' } & Associated)
  | ({ readonly phase: 'operating'; readonly configuration: PhdConfiguration } & Associated);

interface Associated {
  readonly systemId: string;
  readonly configId: number;
}

export interface PhdContext {
  readonly receivedAtMs: number;
  readonly utcOffsetMinutes?: number;
  /** Our own EUI-64 in hexadecimal. */
  readonly systemId: string;
  /** Absent: whoever asks may associate. */
  readonly isAuthorised?: (systemId: string) => boolean;
  /** Of a report about several persons: who is meant. Absent: all of them. */
  readonly isOwnPerson?: (personId: number) => boolean;
  /** What an agent has told before: its own configurations are kept by system id and number. */
  readonly knownConfiguration?: (agent: Associated) => readonly PhdObject[] | undefined;
}

export interface PhdStep {
  readonly manager: PhdManager;
  /** Sent at once. */
  readonly send: readonly Uint8Array[];
  readonly report?: PhdReport;
  /** Persons of the report who are not meant: their measurements were left out of it. */
  readonly others?: number;
  /** Sent once the report is durable: it tells the agent that it may forget. */
  readonly reply?: Uint8Array;
  /** To be kept for the agent's next association. */
  readonly learnt?: Associated & { readonly objects: readonly PhdObject[] };
  /** Part of a store's segment, for phd-store.ts to read; `reply` confirms it. */
  readonly segment?: Extract<PhdEvent, { kind: 'segment-data' }>;
  readonly fault?: Fault;
}

export const NEW_MANAGER: PhdManager = { phase: 'unassociated' };

const RESULT = {
  ACCEPTED: 0,
  UNKNOWN_CONFIG: 3,
  NO_PROTOCOL: 4,
  NO_PARAMETERS: 5,
  UNAUTHORISED: 7,
} as const;
const ABORT_UNDEFINED = 0;
const RELEASE_NORMAL = 0;
const REJECT_UNRECOGNISED = 0;
const NOT_SUPPORTED = 0xffff_ffff;

export function onPhdBytes(manager: PhdManager, bytes: Uint8Array, context: PhdContext): PhdStep {
  const decoded = decodePhd(bytes);
  if (!decoded.ok) return abort(decoded.fault);
  return onPhdApdu(manager, decoded.value, context);
}

export function onPhdApdu(manager: PhdManager, apdu: PhdApdu, context: PhdContext): PhdStep {
  switch (apdu.kind) {
    case 'association-request':
      // A second request on one connection: the agent has started anew (table E.4).
      return manager.phase === 'unassociated'
        ? onRequest(apdu.request, context)
        : abort({ code: 'PAYLOAD_MALFORMED', detail: 'already associated' });
    case 'release-request':
      return end([encodePhd({ kind: 'release-response', reason: RELEASE_NORMAL })]);
    case 'release-response':
    case 'abort':
      return end([]);
    case 'data':
      return manager.phase === 'unassociated'
        ? abort({ code: 'PAYLOAD_MALFORMED', detail: 'not associated' })
        : onData(manager, apdu, context);
    case 'association-response':
      return abort({ code: 'PAYLOAD_MALFORMED', detail: 'a manager sends no such answer' });
    default:
      return apdu satisfies never;
  }
}

function end(send: readonly Uint8Array[]): PhdStep {
  return { manager: NEW_MANAGER, send };
}

function abort(fault: Fault): PhdStep {
  return { ...end([encodePhd({ kind: 'abort', reason: ABORT_UNDEFINED })]), fault };
}

function onRequest(request: PhdAssociation | undefined, context: PhdContext): PhdStep {
  const refuse = (result: number) =>
    end([encodePhd({ kind: 'association-response', result, response: undefined })]);
  if (request === undefined) return refuse(RESULT.NO_PROTOCOL);
  if ((request.encodingRules & MDER) === 0) return refuse(RESULT.NO_PARAMETERS);
  if (context.isAuthorised?.(request.systemId) === false) return refuse(RESULT.UNAUTHORISED);
  const agent = { systemId: request.systemId, configId: request.configId };
  const configuration = configurationOf(agent, context);
  const result = configuration === undefined ? RESULT.UNKNOWN_CONFIG : RESULT.ACCEPTED;
  const response = { ...request, ...OURS, systemId: context.systemId };
  const send = [encodePhd({ kind: 'association-response', result, response })];
  return configuration === undefined
    ? { manager: { phase: 'configuring', ...agent }, send }
    : { manager: { phase: 'operating', ...agent, configuration }, send };
}

/** Section 8.7.3.4: a manager answers with its own type and id, and no configuration. */
const OURS = {
  encodingRules: MDER,
  functionalUnits: 0,
  systemType: MANAGER,
  configId: 0,
  dataRequestMode: 0,
  agentInitiated: 0,
  managerInitiated: 0,
  options: [],
} as const;

function configurationOf(agent: Associated, context: PhdContext): PhdConfiguration | undefined {
  if (!isExtended(agent.configId)) return standardConfiguration(agent.configId);
  const objects = context.knownConfiguration?.(agent);
  return objects && readConfiguration(objects);
}

type Data = Extract<PhdApdu, { kind: 'data' }>;
type EventReport = Extract<PhdMessage, { kind: 'event-report' }>;
type Connected = Exclude<PhdManager, { phase: 'unassociated' }>;

function onData(manager: Connected, { invokeId, message }: Data, context: PhdContext): PhdStep {
  if (message.kind === 'event-report') return onEvent(manager, invokeId, message, context);
  const isAnswer = /-response$|^error$|^reject$/.test(message.kind);
  if (isAnswer) return { manager, send: [] };
  // An agent asks a manager for nothing (section 7.3.2).
  const rejection: PhdMessage = { kind: 'reject', problem: REJECT_UNRECOGNISED };
  return { manager, send: [encodePhd({ kind: 'data', invokeId, message: rejection })] };
}

function onEvent(
  manager: Connected,
  invokeId: number,
  message: EventReport,
  context: PhdContext,
): PhdStep {
  const { event, handle, eventType, eventTime } = message;
  const answer = (reply: Uint8Array) => {
    const response: PhdMessage = {
      kind: 'event-response',
      handle,
      currentTime: NOT_SUPPORTED,
      eventType,
      reply,
    };
    return encodePhd({ kind: 'data', invokeId, message: response });
  };
  if (event.kind === 'configuration') {
    const reply = new OctetWriter('big').u16(event.configId).u16(RESULT.ACCEPTED).finish();
    const agent = { systemId: manager.systemId, configId: event.configId };
    return {
      manager: { phase: 'operating', ...agent, configuration: readConfiguration(event.objects) },
      send: [answer(reply)],
      learnt: { ...agent, objects: event.objects },
    };
  }
  if (manager.phase !== 'operating') {
    return abort({ code: 'PAYLOAD_MALFORMED', detail: 'measurements before the configuration' });
  }
  if (event.kind === 'segment-data') {
    return { manager, send: [], segment: event, reply: answer(confirmEntries(event)) };
  }
  const { receivedAtMs, utcOffsetMinutes = 0 } = context;
  const clock = { receivedAtMs, utcOffsetMinutes, eventTime, scanner: handle };
  const own = ownPart(event, context.isOwnPerson ?? everybody);
  const report = phdReport(own.event, manager.configuration, clock);
  const step = { manager, send: [], report, others: own.others };
  return message.isConfirmed ? { ...step, reply: answer(new Uint8Array()) } : step;
}

const everybody = (): boolean => true;

/** Asks the agent for everything it says of itself: model, system id, time, battery. */
export function askMds(invokeId: number): Uint8Array {
  return encodePhd({
    kind: 'data',
    invokeId,
    message: { kind: 'get', handle: 0, attributeIds: [] },
  });
}
