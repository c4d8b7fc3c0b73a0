/** Write-back over HTTP: an administrator says of whom summaries go where, and sees what has become of it. */
import {
  ReconciliationOrder,
  type WriteBackOfSubject,
  WriteBackOrder,
  type WriteBackStatus,
} from '@ausculta/contract/write-back';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance } from 'fastify';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { WriteBack } from './write-back.ts';

export interface WriteBackRoutePorts {
  readonly writeBack: WriteBack;
  readonly registry: Registry;
}

const KEEPS_POLICY = { config: ofHouse('administer', 'policy') };

interface OfPatient {
  Params: { readonly id: string; readonly destination: string };
}
interface OfDestination {
  Params: { readonly destination: string };
}

export function writeBackRoutes(app: FastifyInstance, ports: WriteBackRoutePorts): void {
  const { writeBack } = ports;

  app.get('/api/write-back', KEEPS_POLICY, async (request): Promise<WriteBackStatus> => {
    return await writeBack.status(callerOf(request).organisationId);
  });

  app.post<OfDestination>(
    '/api/write-back/:destination/retry',
    KEEPS_POLICY,
    async (request, reply) => {
      const { organisationId } = callerOf(request);
      const days = await writeBack.retry(organisationId, request.params.destination);
      return days === undefined ? await sendFault(reply, fail('NOT_FOUND').fault) : { days };
    },
  );

  app.post<OfDestination>(
    '/api/write-back/:destination/reconciliation',
    KEEPS_POLICY,
    async (request, reply) => {
      const order = ReconciliationOrder.safeParse(request.body ?? {});
      if (!order.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'send').fault);
      const asked = { name: request.params.destination, send: order.data.send };
      const begun = writeBack.reconcile(callerOf(request).organisationId, asked);
      if (begun === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await reply.code(202).send({});
    },
  );

  patientRoutes(app, ports);
}

function patientRoutes(app: FastifyInstance, { writeBack, registry }: WriteBackRoutePorts): void {
  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id/write-back',
    KEEPS_POLICY,
    async (request, reply): Promise<WriteBackOfSubject> => {
      const subject = subjectOf(registry, callerOf(request).organisationId, request.params.id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      return await writeBack.ofSubject(subject);
    },
  );

  app.post<OfPatient>(
    '/api/subjects/:id/write-back/:destination',
    KEEPS_POLICY,
    async (request, reply) => {
      const caller = callerOf(request);
      const { id, destination: name } = request.params;
      const order = WriteBackOrder.safeParse(request.body ?? {});
      if (!order.success)
        return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'zone, from').fault);
      const subject = subjectOf(registry, caller.organisationId, id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const begun = await writeBack.optIn(caller, subject, { name, order: order.data });
      return begun.ok ? {} : await sendFault(reply, begun.fault);
    },
  );

  app.post<OfPatient>(
    '/api/subjects/:id/write-back/:destination/withdrawal',
    KEEPS_POLICY,
    async (request, reply) => {
      const caller = callerOf(request);
      const { id, destination } = request.params;
      const subject = subjectOf(registry, caller.organisationId, id);
      if (subject === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const ended = await writeBack.withdraw(caller, subject.id, destination);
      return ended.ok ? {} : await sendFault(reply, ended.fault);
    },
  );
}
