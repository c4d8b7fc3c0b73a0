/** The body of a request as a resource: JSON of a size and depth that can be looked through. */
import { parsePrecise } from '@ausculta/fhir/precise-json';
import type { Resource } from '@medplum/fhirtypes';
import { type Answer, refuse } from './answer.ts';

export interface Incoming {
  readonly resource: Resource;
  /** Whether it holds decimals that a number forgets. */
  readonly hasPrecise: boolean;
}

/** A Bundle adds some levels to what a resource may have. */
export const DEPTH_MAX = 80;

export function readIncoming(text: string): Answer<Incoming> {
  if (!isWithinDepth(text, DEPTH_MAX)) {
    return refuse(400, { code: 'structure', text: `JSON deeper than ${DEPTH_MAX} levels` });
  }
  try {
    const { value, hasPrecise } = parsePrecise(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return refuse(400, { code: 'structure', text: 'The body is no JSON object.' });
    }
    if (typeof (value as { resourceType?: unknown }).resourceType !== 'string') {
      return refuse(400, {
        code: 'structure',
        text: 'resourceType is missing',
        at: 'resourceType',
      });
    }
    return { ok: true, value: { resource: value as Resource, hasPrecise } };
  } catch {
    return refuse(400, { code: 'structure', text: 'The body is not JSON.' });
  }
}

/** By its brackets, before anything walks through it. */
export function isWithinDepth(text: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === 0x22) at = endOfString(text, at);
    else if (letter === 0x7b || letter === 0x5b) {
      depth += 1;
      if (depth > levels) return false;
    } else if (letter === 0x7d || letter === 0x5d) depth -= 1;
  }
  return true;
}

function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}
