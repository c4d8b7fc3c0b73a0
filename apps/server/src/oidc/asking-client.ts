/** Who asks the authorisation server, as they say it: to count by, and for nothing else. */
import type { FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import { addressKey } from '../people/address-key.ts';

/** A client's id has 36 letters. */
const SAID_MAX = 64;

/** Whoever says another's name uses up what that one has at their own address alone. */
export function clientAndAddress({
  ip,
  body,
  headers,
}: Pick<FastifyRequest, 'ip' | 'body' | 'headers'>): string {
  const said = saidBy(body, headers.authorization);
  return JSON.stringify([addressKey(ip), said.slice(0, SAID_MAX)]);
}

function saidBy(body: unknown, authorization: string | undefined): string {
  const form = new URLSearchParams(typeof body === 'string' ? body : '');
  const named = form.get('client_id');
  if (named !== null) return named;
  const assertion = form.get('client_assertion');
  if (assertion !== null) return subjectOf(assertion);
  const basic = /^Basic ([\w+/=-]+)$/.exec(authorization ?? '')?.[1];
  if (basic === undefined) return '';
  return Buffer.from(basic, 'base64').toString().split(':', 1)[0] ?? '';
}

function subjectOf(assertion: string): string {
  try {
    return decodeJwt(assertion).sub ?? '';
  } catch {
    return '';
  }
}
