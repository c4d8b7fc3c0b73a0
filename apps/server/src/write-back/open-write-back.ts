/** The room's parts, on the database, keys and clock of the server, and on the operator's file. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Patient } from '@medplum/fhirtypes';
import { decideSummary } from '../access/leaving.ts';
import type { Viewers } from '../access/viewers.ts';
import type { InLane, Sql } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import type { Ledger } from '../disclosures/ledger.ts';
import type { LegalHolds } from '../erasure/holds.ts';
import type { Repository } from '../fhir/repository.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';
import type { RetentionRule } from '../telemetry/retention-policy.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Vault } from '../vault/vault.ts';
import { AccessToken } from './access-token.ts';
import type { IsOpenTo } from './day-of-patient.ts';
import { RemoteRecord } from './remote-record.ts';
import { type Destination, readDestinations } from './settings.ts';
import { WriteBack } from './write-back.ts';

interface Given {
  readonly file: string | undefined;
  readonly retention: readonly RetentionRule[];
  readonly outside: Outside;
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: Vault;
  readonly registry: Registry;
  readonly ledger: Ledger;
}

export async function openWriteBack({ file, outside, ...given }: Given): Promise<WriteBack> {
  const destinations = file === undefined ? [] : readList(file);
  const remoteOf = (destination: Destination): RemoteRecord => {
    const { url, credentials, private: mayBePrivate } = destination;
    const token = credentials.kind === 'smart-backend' ? [credentials.tokenUrl] : [];
    const { nowMs, newId, after } = outside;
    const rules = { prefixes: [url, ...token], mayBePrivate };
    const outgoing = new Outgoing({ rules, resolve: lookup, after, ...READS });
    const asked = { destination, outgoing, nowMs };
    return new RemoteRecord({
      ...asked,
      token: new AccessToken(credentials, { outgoing, nowMs, newId }),
    });
  };
  return await WriteBack.open({ ...outside, ...given, destinations, remoteOf });
}

function readList(file: string): readonly Destination[] {
  const list = readDestinations(readText(file));
  if (typeof list !== 'string') return list;
  throw new StartProblem(
    'WRITE_BACK_UNUSABLE',
    `The list in AUSCULTA_WRITE_BACK cannot be used: ${list}. Mend it.`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = `AUSCULTA_WRITE_BACK names a file that cannot be read (${errorCode(cause)}). Mend it.`;
    throw new StartProblem('WRITE_BACK_UNUSABLE', why, cause);
  }
}

const READS = { reads: 'whole', connectionsMax: 2 } as const;

/** What is due is looked for this often. */
const LOOK_MS = 1_000;

interface Merges {
  usedFor(subjectId: SubjectId): SubjectId;
}

/** Sends from here on; returns what ends it. */
export function sendSummaries(
  writeBack: WriteBack,
  ports: {
    readonly telemetry: Telemetry;
    readonly holds: LegalHolds;
    readonly repository: Pick<Repository, 'read'>;
    readonly admissions: { readonly census: Merges };
    readonly viewers: Viewers;
    readonly registry: Pick<Registry, 'seriesOfSubject'>;
    readonly outside: Pick<Outside, 'every' | 'nowMs'>;
  },
): () => Promise<void> {
  const { telemetry, holds, repository, admissions, viewers, registry, outside } = ports;
  const identifiersOf = async ({ organisationId, id }: RegisteredSubject) => {
    const read = await repository.read(organisationId, { type: 'Patient', id });
    const text = read.ok ? read.value.text : undefined;
    return text === undefined ? [] : ((JSON.parse(text) as Patient).identifier ?? []);
  };
  // The one at the end, of however many that were merged.
  const mergedInto = (id: SubjectId): SubjectId | undefined => {
    const used = admissions.census.usedFor(id);
    return used === id ? undefined : used;
  };
  const isOpenTo: IsOpenTo = ({ organisationId, subjectId, destination: { name } }, of) => {
    const leaving = { organisationId, subjectId, destination: name, nowMs: outside.nowMs() };
    const isOpen = (asked: { readonly metric?: string }): boolean =>
      decideSummary(viewers.gate, { ...leaving, ...asked }).isPermitted;
    if (of !== undefined) return isOpen(of);
    // Whoever keeps back one of what is measured has not kept back the rest.
    const series = registry.seriesOfSubject(subjectId);
    return isOpen({}) || series.some(({ metric }) => isOpen({ metric: metric.key }));
  };
  writeBack.begin({ telemetry, holds, identifiersOf, mergedInto, isOpenTo });
  const stop = outside.every(LOOK_MS, () => writeBack.tick());
  return async () => {
    stop();
    await writeBack.close();
  };
}
