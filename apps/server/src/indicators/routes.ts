/** The report of a period as CSV, made of the MeasureReport as it is now. */
import { isPeriodName } from '@ausculta/fhir/indicator-period';
import { reportCsv, reportIdentifier } from '@ausculta/fhir/indicator-report';
import { expect } from '@ausculta/vitals/expect';
import { fail } from '@ausculta/vitals/fault';
import type { MeasureReport } from '@medplum/fhirtypes';
import type { FastifyInstance } from 'fastify';
import type { Repository } from '../fhir/repository.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';

const SEES_FIGURES = { config: ofHouse('read', 'aggregates') };

export function indicatorRoutes(
  app: FastifyInstance,
  { repository }: { readonly repository: Pick<Repository, 'parse' | 'search'> },
): void {
  app.get<{ Params: { period: string } }>(
    '/api/indicators/:period',
    SEES_FIGURES,
    async (request, reply) => {
      const { organisationId } = callerOf(request);
      const { period: name } = request.params;
      if (!isPeriodName(name)) return await sendFault(reply, fail('NOT_FOUND').fault);
      const { system, value } = reportIdentifier({ name });
      const asked = [['identifier', `${system}|${value}`]] as const;
      const asking = { isStrict: true, baseUrl: undefined };
      const query = await repository.parse('MeasureReport', asked, asking);
      expect(query.ok, 'a search of our own is understood');
      const page = await repository.search(organisationId, query.value);
      if (!page.ok) return await sendFault(reply, page.fault);
      const [found] = page.value.matches;
      if (found === undefined) {
        const fault = page.value.isUnreadable ? fail('SEAL_BROKEN') : fail('NOT_FOUND');
        return await sendFault(reply, fault.fault);
      }
      const file = `attachment; filename="indicators-${name}.csv"`;
      reply.header('content-disposition', file).type('text/csv; charset=utf-8');
      return await reply.send(reportCsv(JSON.parse(found.text) as MeasureReport));
    },
  );
}
