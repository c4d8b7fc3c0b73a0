/** Faults in the language of HTTP. Only routes know HTTP; a fault is a value everywhere else. */
import type { Problem } from '@ausculta/contract/problem';
import { FAULTS, type Fault, type FaultCode } from '@ausculta/vitals/fault';
import type { FastifyReply } from 'fastify';

const STATUS: Partial<Record<FaultCode, number>> = {
  CREDENTIALS_REFUSED: 401,
  NOT_PERMITTED: 403,
  NOT_FOUND: 404,
  DEVICE_UNKNOWN: 404,
  PAYLOAD_TOO_LARGE: 413,
  BLOCK_TOO_LARGE: 413,
  RATE_EXCEEDED: 429,
  PARKED_QUOTA_EXCEEDED: 429,
  STORE_UNAVAILABLE: 503,
  STORE_FULL: 507,
};

export function statusOf(code: FaultCode): number {
  return STATUS[code] ?? 400;
}

function problemOf(fault: Fault): Problem {
  const { retry, why } = FAULTS[fault.code];
  const problem = { fault: fault.code, why, retry };
  return fault.detail === undefined ? problem : { ...problem, detail: fault.detail };
}

export async function sendFault(reply: FastifyReply, fault: Fault): Promise<FastifyReply> {
  const status = statusOf(fault.code);
  const isLater = FAULTS[fault.code].retry === 'later';
  // Whoever counts knows for how long.
  if (isLater && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  return await reply.code(status).send(problemOf(fault));
}
