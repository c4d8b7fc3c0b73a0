/**
 * Consents are documents, and bind what is read of the person: compiled when the server starts, and whenever
 * one is written. One that cannot be read keeps everything back until a person has looked.
 */
import { type CompiledConsent, unreadableConsent } from '@ausculta/policy/consent';
import { compileConsent } from '@ausculta/policy/fhir-consent';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { parseSubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { type DocumentKeys, openVersion } from './document.ts';
import { readOfTypeOfAll } from './store.ts';
import type { WriteWatch, WrittenDocument } from './write-watch.ts';

const CONSENT = 'Consent';

/** Where a zone is missing, a date is read as of Greenwich. */
const OPTIONS = { utcOffsetMinutes: 0 };

export interface KeptConsents {
  /** In the place of what it said before. */
  readonly setConsent: (
    house: OrganisationId,
    subjectId: SubjectId,
    consent: CompiledConsent,
  ) => void;
  /** Whoever it was of. */
  readonly endConsent: (house: OrganisationId, id: string) => void;
}

export async function readConsents(
  sql: Sql,
  keys: DocumentKeys,
  kept: KeptConsents,
): Promise<void> {
  for (const row of await readOfTypeOfAll(sql, CONSENT)) {
    const { id, subject_id: subjectId, sealed } = row;
    const house = row.organisation_id as OrganisationId;
    if (sealed === null || subjectId === null) continue;
    const opened = openVersion(keys, house, { ...row, sealed });
    keep(kept, { house, id, subjectId, text: opened.ok ? opened.value : undefined });
  }
}

/** Whoever was told of writes is told as before; consents are kept beside it. */
export function keepingConsents(watch: WriteWatch, kept: KeptConsents): WriteWatch {
  const isConsent = ({ document }: WrittenDocument): boolean => document.type === CONSENT;
  return {
    prepare: watch.prepare,
    isConcerned: (organisationId, documents) =>
      documents.some(isConsent) || watch.isConcerned(organisationId, documents),
    written: async (tx, organisationId, requests) => {
      const done = await watch.written(tx, organisationId, requests);
      const consents = requests.flatMap(({ documents }) => documents.filter(isConsent));
      return () => {
        done();
        for (const { document, subjectId } of consents) {
          const { id, text } = document;
          if (text === undefined || subjectId === undefined) kept.endConsent(organisationId, id);
          else keep(kept, { house: organisationId, id, subjectId, text });
        }
      };
    },
  };
}

interface Written {
  readonly house: OrganisationId;
  readonly id: string;
  readonly subjectId: SubjectId;
  /** Undefined where it does not open. */
  readonly text: string | undefined;
}

function keep(kept: KeptConsents, { house, id, subjectId, text }: Written): void {
  const compiled = text === undefined ? undefined : compileConsent(JSON.parse(text), OPTIONS);
  if (compiled?.ok === true) {
    const of = parseSubjectId(compiled.consent.subjectId) ?? subjectId;
    kept.setConsent(house, of, { ...compiled.consent, id, subjectId: of });
  } else if (compiled?.fault.code === 'NOT_ABOUT_SHARING') kept.endConsent(house, id);
  else kept.setConsent(house, subjectId, unreadableConsent(id, subjectId));
}
