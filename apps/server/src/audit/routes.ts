/** GET /api/subjects/{id}/accesses: who has looked at a record, when and why. */
import type { AccessReport } from '@ausculta/contract/accesses';
import { fail } from '@ausculta/vitals/fault';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ReadAs } from '../database/readers.ts';
import { callerOf, ofEach, refusalOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { accessReport } from './accesses.ts';
import type { Audit } from './audit.ts';

export interface AuditRoutePorts {
  readonly audit: Pick<Audit, 'sequencer'>;
  readonly database: { readonly read: ReadAs };
  /** Of an organisation, erased or not. */
  readonly isSubject: (organisationId: string, id: string) => boolean;
}

export const ReportQuery = z.object({
  before: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER),
});

export function auditRoutes(app: FastifyInstance, ports: AuditRoutePorts): void {
  const { audit, database, isSubject } = ports;
  app.get<{ Params: { id: string } }>(
    '/api/subjects/:id/accesses',
    { config: ofEach('read', 'disclosures') },
    async (request, reply): Promise<AccessReport> => {
      const { organisationId } = callerOf(request);
      const subjectId = parseSubjectId(request.params.id);
      const query = ReportQuery.safeParse(request.query);
      if (!query.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'before').fault);
      if (subjectId === undefined || !isSubject(organisationId, subjectId))
        return await sendFault(reply, fail('NOT_FOUND').fault);
      // The person's to know, and of whoever keeps the audit.
      const viewer = viewerOf(request);
      const decision = viewer.decide({ action: 'read', dataClass: 'disclosures', subjectId });
      if (!decision.isPermitted && !viewer.may({ action: 'read', dataClass: 'audit' }))
        return await sendFault(reply, refusalOf(decision));
      // What was answered before this was asked is in it.
      await audit.sequencer.settle();
      const { before } = query.data;
      return await database.read(organisationId, (sql) =>
        accessReport(sql, { organisationId, subjectId, before }),
      );
    },
  );
}
