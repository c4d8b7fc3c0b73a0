/** To whom what of a patient was sent, and when: as the audit has it, each sending for itself. */
import type { WriteBackOfSubject } from '@ausculta/contract/write-back';
import type { Sql } from '../database/pool.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Disclosure as Entry } from '../disclosures/ledger.ts';
import { auditContext } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { OptIn } from './opt-ins.ts';
import * as store from './store.ts';

type Disclosure = WriteBackOfSubject['disclosures'][number];

/** In the ledger: that a day was taken there. */
export function summaryDisclosed(
  { organisationId, subjectId, destination, days }: OptIn,
  day: string,
): Entry {
  return {
    ...{
      organisationId,
      subjectId,
      way: 'write-back',
      recipient: `destination/${destination.name}`,
    },
    ...{ purpose: 'TREAT', basis: 'consent', paper: 'opt-in', classes: ['vitals'] },
    ...{ place: destination.name, span: days.spanOf(day) },
  };
}

const DISCLOSURES_MAX = 5_000;

export async function disclosuresOf(
  sql: Sql,
  keys: Pick<SubjectKeys, 'sealOf'>,
  { organisationId, id }: Pick<RegisteredSubject, 'organisationId' | 'id'>,
): Promise<Disclosure[]> {
  const asked = { organisationId, subjectId: id, limit: DISCLOSURES_MAX };
  const rows = await store.readDisclosures(sql, asked);
  const target = `subject/${id}` as const;
  return rows.flatMap(({ at_ms: atMs, detail_sealed: sealed }): Disclosure[] => {
    const context = auditContext({ organisationId, act: 'summary-sent', target, atMs });
    const opened = sealed === null ? undefined : keys.sealOf(id)?.open(sealed, context);
    if (opened?.ok !== true) return [];
    const told = JSON.parse(new TextDecoder().decode(opened.value)) as Omit<Disclosure, 'atMs'>;
    return [{ atMs, ...told }];
  });
}
