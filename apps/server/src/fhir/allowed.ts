/** Who may do what to which type, on top of what the route asks for. */
import type { Caller } from '../people/sign-in.ts';
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

export function mayDo({ roles }: Pick<Caller, 'roles'>, acts: readonly Act[]): Answer<undefined> {
  for (const { kind, type } of acts) {
    // As with subjects: who is a patient here is an administrator's to say.
    if (type === PATIENT && !roles.includes('administrator')) {
      return refuse(403, {
        code: 'forbidden',
        text: 'The caller may not write patients.',
        at: type,
      });
    }
    // It sends what it watches to a program outside.
    if (type === 'Subscription' && !roles.includes('administrator')) {
      return refuse(403, {
        code: 'forbidden',
        text: 'The caller may not write subscriptions.',
        at: type,
      });
    }
    if (isOnlyAdded(type) && kind !== 'create') {
      const text = `A resource of type ${type} is made once, and neither changed nor deleted.`;
      return refuse(405, { code: 'not-supported', text, at: type });
    }
  }
  return { ok: true, value: undefined };
}
