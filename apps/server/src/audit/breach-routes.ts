/** GET /api/breach-scope, and the same as a table: for whoever keeps the audit. */
import type { BreachScope } from '@ausculta/contract/breach-scope';
import { expect } from '@ausculta/vitals/expect';
import { fail } from '@ausculta/vitals/fault';
import { type OrganisationId, parseAccountId, type SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Viewers } from '../access/viewers.ts';
import type { ReadAs } from '../database/readers.ts';
import { callerOf, ofHouse } from '../people/access.ts';
import type { Makers } from '../people/makers.ts';
import { sendFault } from '../people/problem.ts';
import type { Audit } from './audit.ts';
import { clocksOf, ScopeTally, scopeCsv } from './breach-scope.ts';
import { noteRead } from './noted-reads.ts';
import { entriesOf } from './read-log.ts';
import { readsWithin } from './read-store.ts';

export interface BreachRoutePorts {
  readonly audit: Pick<Audit, 'rounds'>;
  readonly database: { readonly read: ReadAs };
  readonly viewers: Viewers;
  readonly makers: Pick<Makers, 'askerOf'>;
  readonly subjectsOf: (organisationId: OrganisationId) => Iterable<SubjectId>;
  readonly nowMs: () => number;
}

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const BreachQuery = z
  .strictObject({
    from: Moment,
    to: Moment,
    /** An account, or `token-…` of a program, as the report of accesses names them. */
    who: z
      .string()
      .regex(/^[0-9a-z-]{1,60}$/)
      .optional(),
    /** As the report of accesses names it. */
    route: z.string().max(200).optional(),
    /** When it was found out; now, where nothing is said. */
    discovered: Moment.optional(),
  })
  .refine(({ from, to }) => from < to);

/** Each holds up to 500 entries. */
const LEAVES_AT_ONCE = 100;

const KEEPS_THE_AUDIT = { config: ofHouse('search', 'audit') };

export function breachRoutes(app: FastifyInstance, ports: BreachRoutePorts): void {
  app.get('/api/breach-scope', KEEPS_THE_AUDIT, async (request, reply): Promise<BreachScope> => {
    const scope = await scopeAsked(request, ports);
    if (scope === undefined)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'from, to').fault);
    return scope;
  });
  app.get('/api/breach-scope/table', KEEPS_THE_AUDIT, async (request, reply) => {
    const scope = await scopeAsked(request, ports);
    if (scope === undefined)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'from, to').fault);
    reply.header('content-disposition', 'attachment; filename="breach-scope.csv"');
    return await reply.type('text/csv; charset=utf-8').send(scopeCsv(scope.exposed));
  });
}

async function scopeAsked(
  request: FastifyRequest,
  ports: BreachRoutePorts,
): Promise<BreachScope | undefined> {
  const query = BreachQuery.safeParse(request.query);
  if (!query.success) return undefined;
  const { organisationId } = callerOf(request);
  const { from: fromMs, to: toMs, who, route, discovered = ports.nowMs() } = query.data;
  // What was answered before this was asked is in it.
  await ports.audit.rounds.settled();
  const tally = new ScopeTally({ fromMs, toMs, who, route });
  let after: { readonly at_ms: number; readonly id: string } | undefined;
  for (;;) {
    const page = { organisationId, fromMs, toMs, after, limit: LEAVES_AT_ONCE };
    const leaves = await ports.database.read(organisationId, (sql) => readsWithin(sql, page));
    for (const { entries } of leaves) {
      const own = await entriesOf(entries);
      expect(own !== undefined, 'entries of the audit are as they were written');
      for (const entry of own) tally.add(entry);
    }
    after = leaves.at(-1);
    if (after === undefined || leaves.length < LEAVES_AT_ONCE) break;
  }
  const exposed = tally.told();
  noteRead(
    request,
    exposed.map(({ subjectId }) => subjectId),
    { act: 'search' },
  );
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    ...{ from: iso(fromMs), to: iso(toMs), persons: exposed.length, accesses: tally.accesses },
    mayBeSeen: await mayBeSeenBy(ports, organisationId, who),
    ...{ clocks: clocksOf(discovered), exposed },
  };
}

/** As it stands now: how it stood then is what the entries of the audit say. */
async function mayBeSeenBy(
  { makers, viewers, subjectsOf }: BreachRoutePorts,
  organisationId: OrganisationId,
  who: string | undefined,
): Promise<number | null> {
  const accountId = parseAccountId(who ?? '');
  const asker = accountId && (await makers.askerOf(organisationId, { accountId }));
  if (asker === undefined) return null;
  const viewer = viewers.of(asker);
  let count = 0;
  for (const id of subjectsOf(organisationId)) if (viewer.sees(id)) count += 1;
  return count;
}
