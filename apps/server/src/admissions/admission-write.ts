/** What messages have changed, made durable at once: the person, the stay, the message, the audit. */
import type { InLane } from '../database/pool.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import {
  type AdmissionMessage,
  AUDITED_AS,
  happenedAt,
  type Named,
  recordedOf,
  type Told,
} from './admission-message.ts';
import { categoryAt } from './category.ts';
import type { Stay } from './census.ts';
import { identityAt, identityFrom } from './person.ts';
import type { Stays } from './stays.ts';
import { insertMovement } from './store.ts';

export interface WritePorts {
  readonly inLane: InLane;
  readonly registry: Registry;
  readonly stays: Stays;
  readonly keys: SubjectKeys;
}

/** One person, what was said of them, and where they lie because of it. */
export interface Moved {
  readonly message: AdmissionMessage;
  readonly what: Told;
  readonly named: Named;
  readonly subject: RegisteredSubject;
  readonly stay: Stay;
}

export async function writeMoved(
  { inLane, registry, stays, keys }: WritePorts,
  all: readonly Moved[],
): Promise<void> {
  const written = all.map((moved) => ({ ...moved, ...afterwards(moved) }));
  await inLane(async (tx) => {
    for (const { message, what, subject, after, stay } of written) {
      await registry.rewrite(tx, after);
      await stays.write(tx, stay);
      await insertMovement(tx, {
        organisation_id: message.organisationId,
        subject_id: subject.id,
        message_id: message.messageId,
        what,
        at_ms: happenedAt(message),
        received_ms: message.receivedMs,
      });
      const seal = keys.sealOf(subject.id);
      const value = {
        sender: message.senderId,
        before: { identity: subject.identity, category: subject.category },
        after: { identity: after.identity, category: after.category },
      };
      await appendAudit(tx, {
        organisationId: message.organisationId,
        actor: undefined,
        act: AUDITED_AS[what],
        target: `subject/${subject.id}`,
        atMs: message.receivedMs,
        ...(seal && { detail: { seal, value } }),
      });
    }
  });
  for (const { after, stay } of written) {
    registry.rewritten(after);
    stays.census.set(stay);
  }
}

/** An older message moves somebody, perhaps; what is known of the person is the newest. */
function afterwards({ message, named, subject, stay }: Moved) {
  const recordedMs = recordedOf(message);
  const isNewest = recordedMs >= (stay.detailsMs ?? 0);
  const identity = isNewest
    ? identityFrom(named.person, subject.identity, subject.identity.recordNumber)
    : subject.identity;
  const { place } = stay;
  const ofBed = place === undefined ? 'unknown' : message.categoryOf(place.bed.unit);
  const at = { ofBed, nowMs: message.receivedMs };
  const { category, ...goesBy } = categoryAt({ ...subject, identity }, stay, at);
  const after: RegisteredSubject = { ...subject, identity: identityAt(identity, stay), category };
  const details = isNewest ? { detailsMs: recordedMs } : {};
  return { after, stay: { ...stay, ...goesBy, ...details } };
}
