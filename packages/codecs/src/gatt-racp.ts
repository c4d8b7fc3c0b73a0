import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { truncated } from './gatt-octets.ts';
import { type LocalTime, readLocalTime, timeUnreadable, writeLocalTime } from './gatt-time.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/**
 * Record Access Control Point, 2A52: how a collector asks a meter for what it has stored. The
 * collector writes requests; the device indicates answers.
 */
export const RACP_OP = {
  REPORT: 1,
  DELETE: 2,
  ABORT: 3,
  COUNT: 4,
  COUNT_ANSWER: 5,
  ANSWER: 6,
  COMBINED_REPORT: 7,
  COMBINED_ANSWER: 8,
} as const;

export const RACP_OPERATOR = {
  NULL: 0,
  ALL: 1,
  AT_MOST: 2,
  AT_LEAST: 3,
  RANGE: 4,
  FIRST: 5,
  LAST: 6,
} as const;

const RESULTS = [
  'reserved',
  'success',
  'op-code-not-supported',
  'invalid-operator',
  'operator-not-supported',
  'invalid-operand',
  'no-records-found',
  'abort-unsuccessful',
  'procedure-not-completed',
  'operand-not-supported',
] as const;

export interface RacpAnswer {
  readonly opCode: number;
  readonly operator: number;
  readonly numberOfRecords?: number;
  readonly requestCode?: number;
  readonly responseCode?: number;
  readonly result?: string;
}

/** What a device indicates. */
export function decodeRacp(reader: OctetReader): Result<RacpAnswer> {
  const opCode = reader.u8();
  const operator = reader.u8();
  if (reader.isShort || reader.left === 0) return truncated();
  if (operator !== RACP_OPERATOR.NULL) return fail('PAYLOAD_MALFORMED', 'an answer’s operator');
  if (opCode === RACP_OP.COUNT_ANSWER || opCode === RACP_OP.COMBINED_ANSWER) {
    // The services define 16 bits; longer and shorter counts are in the field.
    const { left } = reader;
    if (left !== 1 && left !== 2 && left !== 4) return fail('PAYLOAD_MALFORMED', 'a count');
    const numberOfRecords = left === 1 ? reader.u8() : left === 2 ? reader.u16() : reader.u32();
    return ok({ opCode, operator, numberOfRecords });
  }
  if (opCode !== RACP_OP.ANSWER) return fail('PAYLOAD_MALFORMED', 'an op code of no meaning here');
  if (reader.left !== 2) return truncated();
  const requestCode = reader.u8();
  const responseCode = reader.u8();
  const result = RESULTS[responseCode] ?? 'reserved';
  return ok({ opCode, operator, requestCode, responseCode, result });
}

export function encodeRacpAnswer(answer: RacpAnswer): Uint8Array {
  const { opCode, operator, numberOfRecords, requestCode = 0, responseCode = 1 } = answer;
  const writer = new OctetWriter('little').u8(opCode).u8(operator);
  if (numberOfRecords === undefined) return writer.u8(requestCode).u8(responseCode).finish();
  return numberOfRecords > 0xffff
    ? writer.u32(numberOfRecords).finish()
    : writer.u16(numberOfRecords).finish();
}

/** Which records a request means. */
export interface RacpRequest {
  readonly opCode: number;
  readonly operator: number;
  /** Sequence number (or minutes since the session's start for a CGM), or the user's local time. */
  readonly filter?: 'sequence' | 'time';
  readonly from?: number | LocalTime;
  readonly until?: number | LocalTime;
}

const FILTERS = { sequence: 1, time: 2 } as const;

/** `01 03 01 2A 00`: report all records from sequence number 42. */
export function encodeRacpRequest(request: RacpRequest): Uint8Array {
  const { opCode, operator, filter, from, until } = request;
  const writer = new OctetWriter('little').u8(opCode).u8(operator);
  if (filter === undefined) return writer.finish();
  writer.u8(FILTERS[filter]);
  for (const bound of [from, until]) {
    if (typeof bound === 'number') writer.u16(bound);
    else if (bound !== undefined) writeLocalTime(writer, bound);
  }
  return writer.finish();
}

/** What a collector writes; for simulated meters. */
export function decodeRacpRequest(reader: OctetReader): Result<RacpRequest> {
  const opCode = reader.u8();
  const operator = reader.u8();
  if (reader.isShort) return truncated();
  const request: Building<RacpRequest> = { opCode, operator };
  if (reader.left === 0) return ok(request);
  const kind = reader.u8();
  if (kind !== FILTERS.sequence && kind !== FILTERS.time) {
    return fail('PAYLOAD_MALFORMED', 'a filter of no meaning here');
  }
  request.filter = kind === FILTERS.sequence ? 'sequence' : 'time';
  for (const bound of operatorBounds(operator)) {
    const value = request.filter === 'sequence' ? reader.u16() : readLocalTime(reader);
    if (reader.isShort) return truncated();
    if (value === undefined) return timeUnreadable();
    request[bound] = value;
  }
  return reader.left > 0 ? fail('PAYLOAD_MALFORMED', 'longer than its form') : ok(request);
}

function operatorBounds(operator: number): readonly ('from' | 'until')[] {
  if (operator === RACP_OPERATOR.RANGE) return ['from', 'until'];
  if (operator === RACP_OPERATOR.AT_LEAST) return ['from'];
  return operator === RACP_OPERATOR.AT_MOST ? ['until'] : [];
}
