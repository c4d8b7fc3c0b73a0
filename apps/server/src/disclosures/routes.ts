/** GET /api/subjects/{id}/disclosures: what of a person left the house, to whom, for what and by what right. */
import type { DisclosureReport, DisclosureView } from '@ausculta/contract/disclosures';
import type { FastifyInstance } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { type OfRecord, recordAsked } from '../audit/record-asked.ts';
import type { Sql } from '../database/pool.ts';
import type { ReadAs } from '../database/readers.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import { callerOf, ofEach } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Ledger } from './ledger.ts';
import { type DisclosureRow, namesOfRecipients, readDisclosures } from './store.ts';

export interface DisclosureRoutePorts {
  readonly ledger: Pick<Ledger, 'flush'>;
  readonly database: { readonly read: ReadAs; readonly line: Sql };
  /** Of an organisation, erased or not. */
  readonly isSubject: (organisationId: string, id: string) => boolean;
}

/** Of some recipients, a year. */
const AT_ONCE = 1_000;

export function disclosureRoutes(app: FastifyInstance, ports: DisclosureRoutePorts): void {
  const { ledger, database, isSubject } = ports;
  app.get<OfRecord>(
    '/api/subjects/:id/disclosures',
    { config: ofEach('read', 'disclosures') },
    async (request, reply): Promise<DisclosureReport> => {
      const { organisationId } = callerOf(request);
      const asked = recordAsked(request, isSubject);
      if (!asked.ok) return await sendFault(reply, asked.fault);
      const { subjectId, beforeMs } = asked.value;
      noteRead(request, [subjectId]);
      await viewAsPlatform(() => ledger.flush());
      const page = { organisationId, subjectId, beforeMs, limit: AT_ONCE };
      const rows = await viewAsPlatform(() =>
        database.read(organisationId, (sql) => readDisclosures(sql, page)),
      );
      const recipients = [...new Set(rows.map(({ recipient }) => recipient))];
      // Other houses are among them.
      const names = await namesOfRecipients(database.line, recipients);
      // A day is told whole.
      const last = rows.at(-1)?.day_ms ?? 0;
      const isMore = rows.length === AT_ONCE && rows[0]?.day_ms !== last;
      const told = isMore ? rows.filter(({ day_ms }) => day_ms !== last) : rows;
      return {
        disclosures: told.map((row) => viewOf(row, names.get(row.recipient))),
        next: isMore ? last + 1 : null,
      };
    },
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

function viewOf(row: DisclosureRow, name: string | undefined): DisclosureView {
  const { way, recipient, place, purpose, basis, paper, classes, times, onward } = row;
  return {
    ...{
      way,
      recipient,
      name: name ?? place,
      purpose,
      basis,
      classes: [...classes],
      times,
      onward,
    },
    paper: paper === '' ? null : paper,
    ...{ first: iso(row.first_ms), last: iso(row.last_ms) },
    ...{ from: isoOrNull(row.data_from_ms), until: isoOrNull(row.data_until_ms) },
  };
}
