/** Who may do what to which type, on top of what the route asks for. */
import { isTypeOfHouse } from '../access/document-class.ts';
import { viewing } from '../database/viewing.ts';
import type { Act } from './acts.ts';
import { type Answer, refuse } from './answer.ts';
import { PATIENT } from './patients.ts';

/** Not documents: the bodies of requests and answers, and bytes of any kind. */
const NO_DOCUMENTS = ['Parameters', 'OperationOutcome', 'Binary'];

/** What happened is added to, and not changed afterwards. */
const ONLY_ADDED = ['AuditEvent', 'Provenance'];

export function isKept(type: string, resourceTypes: ReadonlySet<string>): boolean {
  return resourceTypes.has(type) && !NO_DOCUMENTS.includes(type);
}

export function isOnlyAdded(type: string): boolean {
  return ONLY_ADDED.includes(type);
}

/** Before anything is looked up; whom an act is about is asked for when it is written. */
export function mayDo(acts: readonly Act[]): Answer<undefined> {
  for (const { kind, type } of acts) {
    if (isOnlyAdded(type) && kind !== 'create') {
      const text = `A resource of type ${type} is made once, and neither changed nor deleted.`;
      return refuse(405, { code: 'not-supported', text, at: type });
    }
    const isOfNobody = isTypeOfHouse(type) || (type === PATIENT && kind === 'create');
    const write = { kind: kindOf(kind), type, subjectIds: [], resource: undefined };
    if (isOfNobody && viewing()?.mayWrite(write) === false) {
      const text = `The caller may not write resources of type ${type}.`;
      return refuse(403, { code: 'forbidden', text, at: type });
    }
  }
  return { ok: true, value: undefined };
}

function kindOf(kind: Act['kind']): 'create' | 'change' | 'delete' {
  if (kind === 'create') return 'create';
  return kind === 'update' || kind === 'update-where' ? 'change' : 'delete';
}
