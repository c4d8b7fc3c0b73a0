/** Erasure, legal holds and the rotation of keys: an administrator's, and the command line's. */
import {
  ErasureOrder,
  type ErasureState,
  type Erasure as ErasureView,
  type LegalHoldList,
  NewLegalHold,
} from '@ausculta/contract/erasure';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import type { Recipients } from '../disclosures/recipients.ts';
import { callerOf, ofHouse, ofSubject } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { WATCHDOG_ORGANISATION } from '../watchdog/store.ts';
import type { Erasure } from './erasure.ts';
import type { Actor, LegalHolds } from './holds.ts';

export interface ErasureRoutePorts {
  readonly erasure: Erasure;
  readonly holds: LegalHolds;
  readonly registry: Registry;
  /** Records of the same person that go on living under this one. */
  readonly mergedInto: (subjectId: SubjectId) => readonly SubjectId[];
  readonly recipients: Recipients;
  readonly rotateKeys: (who: Actor) => Promise<void>;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

const ERASES = { config: ofSubject('delete', 'identity') };
const HOLDS = { config: ofHouse('administer', 'policy') };
const KEEPS_KEYS = { config: ofHouse('administer', 'keys') };

export function erasureRoutes(app: FastifyInstance, ports: ErasureRoutePorts): void {
  const { erasure, registry } = ports;

  app.post<{ Params: { id: string } }>(
    '/api/subjects/:id/erasure',
    ERASES,
    async (request, reply) => {
      const caller = callerOf(request);
      const body = ErasureOrder.safeParse(request.body);
      if (!body.success) {
        return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'recordNumber').fault);
      }
      // Asked for again, because the answer was lost: the same receipt.
      const earlier = erasure.of(caller, request.params.id);
      if (earlier !== undefined) return await withRecipients(earlier, ports);
      const subject = subjectOf(registry, caller.organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const others = ports.mergedInto(subject.id);
      if (others.length > 0) return await sendFault(reply, recordsMerged(others));
      const erased = await viewAsPlatform(() => erasure.erase(caller, subject, body.data));
      return erased.ok
        ? await withRecipients(erased.value, ports)
        : await sendFault(reply, erased.fault);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id/erasure',
    ERASES,
    async (request, reply): Promise<ErasureView> => {
      const receipt = erasure.of(callerOf(request), request.params.id);
      return receipt === undefined
        ? await sendFault(reply, fail('NOT_FOUND').fault)
        : await withRecipients(receipt, ports);
    },
  );

  app.post('/api/keys/rotation', KEEPS_KEYS, async (request, reply) => {
    // The master key is of the whole platform, and the watchdog's token lies on another host.
    if (callerOf(request).organisationId === WATCHDOG_ORGANISATION)
      return await sendFault(reply, fail('NOT_PERMITTED').fault);
    await ports.rotateKeys(callerOf(request));
    return await reply.code(200).send({});
  });

  holdRoutes(app, ports);
}

async function withRecipients(
  state: ErasureState,
  { recipients }: ErasureRoutePorts,
): Promise<ErasureView> {
  return { ...state, recipients: await viewAsPlatform(() => recipients(state.receipt)) };
}

/** The person's other names and numbers would stay behind. */
function recordsMerged(others: readonly SubjectId[]): Fault {
  return fail('RECORDS_MERGED', others.join(', ')).fault;
}

function holdRoutes(app: FastifyInstance, ports: ErasureRoutePorts): void {
  const { holds, registry, newId, nowMs } = ports;

  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id/holds',
    HOLDS,
    async (request, reply): Promise<LegalHoldList> => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return { holds: [...holds.of(subject.id)] };
    },
  );

  app.post<{ Params: { id: string } }>('/api/subjects/:id/holds', HOLDS, async (request, reply) => {
    const caller = callerOf(request);
    const body = NewLegalHold.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'reason').fault);
    const subject = subjectOf(registry, caller.organisationId, request.params.id);
    const { reason } = body.data;
    const hold =
      subject &&
      (await holds.place(caller, {
        subjectId: subject.id,
        id: newId(),
        reason,
        atMs: nowMs(),
      }));
    if (hold === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    return await reply.code(201).send(hold);
  });

  app.post<{ Params: { id: string; hold: string } }>(
    '/api/subjects/:id/holds/:hold/release',
    HOLDS,
    async (request, reply) => {
      const caller = callerOf(request);
      const subject = subjectOf(registry, caller.organisationId, request.params.id);
      const { hold: id } = request.params;
      const isReleased =
        subject !== undefined &&
        (await holds.release(caller, { subjectId: subject.id, id, atMs: nowMs() }));
      if (!isReleased) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await reply.code(200).send({});
    },
  );
}
