/** JSON Patch (RFC 6902) of a resource: what may be changed, and where. */
import { parsePrecise } from '@ausculta/fhir/precise-json';
import type { Resource } from '@medplum/fhirtypes';
import { type Answer, refuse } from './answer.ts';
import { DEPTH_MAX, type Incoming, isWithinDepth } from './incoming.ts';
import { applyPatch, isWithinLevels, type Operation, PatchFailed } from './json-patch.ts';

const OPERATIONS_MAX = 1_000;
/** As much as a resource may be. */
const ROOM = { letters: 4 * 2 ** 20, levels: DEPTH_MAX };
const OPERATIONS: readonly string[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];

/** `text` is the resource as it is; it is not changed, but made anew. */
export function patched(text: string, body: string): Answer<Incoming> {
  if (!isWithinDepth(body, DEPTH_MAX)) {
    return refuse(400, { code: 'structure', text: 'The body is nested too deep.' });
  }
  let operations: { value: unknown; hasPrecise: boolean };
  try {
    operations = parsePrecise(body);
  } catch {
    return refuse(400, { code: 'structure', text: 'The body is not JSON.' });
  }
  if (!isPatch(operations.value)) {
    return refuse(400, { code: 'structure', text: 'The body is no JSON Patch (RFC 6902).' });
  }
  const { value, hasPrecise } = parsePrecise(text);
  try {
    const resource = applyPatch(value, operations.value, ROOM);
    if (!isResource(resource)) return NO_RESOURCE;
    // A part may have been moved under another, and that under a third.
    if (!isWithinLevels(resource, DEPTH_MAX)) return TOO_DEEP;
    return { ok: true, value: { resource, hasPrecise: hasPrecise || operations.hasPrecise } };
  } catch (error) {
    if (!(error instanceof PatchFailed)) throw error;
    return refuse(422, { code: 'processing', text: error.message });
  }
}

const NO_RESOURCE = refuse(422, {
  code: 'processing',
  text: 'What is left is no resource.',
});
const TOO_DEEP = refuse(422, { code: 'processing', text: 'What is made is nested too deep.' });

function isResource(value: unknown): value is Resource {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return typeof (value as { resourceType?: unknown }).resourceType === 'string';
}

function isPatch(value: unknown): value is Operation[] {
  if (!Array.isArray(value) || value.length > OPERATIONS_MAX) return false;
  return value.every((one: unknown) => {
    if (typeof one !== 'object' || one === null) return false;
    const { op, path, from } = one as Record<string, unknown>;
    const isPointer = (pointer: unknown): boolean =>
      typeof pointer === 'string' && (pointer === '' || pointer.startsWith('/'));
    const needsFrom = op === 'move' || op === 'copy';
    return OPERATIONS.includes(String(op)) && isPointer(path) && (!needsFrom || isPointer(from));
  });
}
