/** Faults in the language of HTTP, and of FHIR below its address. Only routes know HTTP; a fault is a value everywhere else. */
import type { Problem } from '@ausculta/contract/problem';
import { toOperationOutcome } from '@ausculta/fhir/operation-outcome';
import { FAULTS, type Fault, type FaultCode, fail } from '@ausculta/vitals/fault';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The address below which everything is FHIR, errors too. */
export const FHIR_BASE = '/fhir/R4';
export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

const STATUS: Partial<Record<FaultCode, number>> = {
  CREDENTIALS_REFUSED: 401,
  SECOND_FACTOR_NEEDED: 401,
  NOT_PERMITTED: 403,
  PROOF_NEEDED: 403,
  LOGIN_TAKEN: 409,
  DUTY_WOULD_BE_EMPTY: 409,
  LAST_ADMINISTRATOR: 409,
  LINK_SPENT: 410,
  SESSION_LOCKED: 423,
  NOT_FOUND: 404,
  DEVICE_UNKNOWN: 404,
  LEGAL_HOLD: 409,
  READINGS_MOVING: 409,
  RECORDS_MERGED: 409,
  MOVEMENT_REFUSED: 409,
  SNOOZE_REFUSED: 409,
  SUBJECT_MONITORED: 409,
  PAYLOAD_TOO_LARGE: 413,
  BLOCK_TOO_LARGE: 413,
  RATE_EXCEEDED: 429,
  PARKED_QUOTA_EXCEEDED: 429,
  STORE_UNAVAILABLE: 503,
  PROVIDER_UNREACHABLE: 503,
  KEY_COPY_UNREACHABLE: 503,
  STORE_FULL: 507,
};

export function statusOf(code: FaultCode): number {
  return STATUS[code] ?? 400;
}

export function problemOf(fault: Fault): Problem {
  const { retry, why } = FAULTS[fault.code];
  const problem = { fault: fault.code, why, retry };
  return fault.detail === undefined ? problem : { ...problem, detail: fault.detail };
}

export async function sendFault(reply: FastifyReply, fault: Fault): Promise<FastifyReply> {
  const status = statusOf(fault.code);
  const isLater = FAULTS[fault.code].retry === 'later';
  // Whoever counts knows for how long.
  if (isLater && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  reply.code(status);
  if (reply.request.url.startsWith(FHIR_BASE))
    return await reply.type(FHIR_JSON).send(toOperationOutcome(fault));
  return await reply.send(problemOf(fault));
}

/** Of a route that is for a WebSocket alone. */
export async function refuseWithoutSocket(
  _request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return await sendFault(reply, fail('NOT_FOUND', 'only a WebSocket is opened here').fault);
}
