/** Erasure and what it waits for: whoever holds something of a subject in memory lets go of it first. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { InLane } from '../database/pool.ts';
import { Erasure, type ErasurePorts } from './erasure.ts';
import { LegalHolds } from './holds.ts';

interface Forgetful {
  readonly forget: (subjectId: SubjectId) => Promise<void>;
}

interface Settling {
  /** Resolves when nothing of what it held is on its way to the database. */
  readonly settle: () => Promise<void>;
}

interface ErasureParts extends Omit<ErasurePorts, 'holds' | 'forget'> {
  readonly inLane: InLane;
  readonly registry: ErasurePorts['registry'] & Settling;
  readonly alarms: Settling & { readonly forget: (subjectId: SubjectId) => void };
  readonly telemetry: Forgetful;
  readonly parking: Settling;
  readonly subscriptions: Settling;
  readonly fhir: Forgetful;
  readonly writeBack: Forgetful;
  readonly deviceGrants: { readonly forget: (subjectId: SubjectId) => void };
  readonly library: { readonly forget: (subjectId: SubjectId) => void };
  readonly standing: { readonly forget: (subjectId: SubjectId) => void };
}

export async function openErasure(
  ports: ErasureParts,
): Promise<{ readonly holds: LegalHolds; readonly erasure: Erasure }> {
  const {
    sql,
    vault,
    inLane,
    registry,
    alarms,
    telemetry,
    parking,
    subscriptions,
    fhir,
    writeBack,
    deviceGrants,
    library,
    standing,
  } = ports;
  const holds = await LegalHolds.open({ sql, inLane, keys: vault });
  const forget = async (subjectId: SubjectId): Promise<void> => {
    alarms.forget(subjectId);
    deviceGrants.forget(subjectId);
    library.forget(subjectId);
    standing.forget(subjectId);
    await writeBack.forget(subjectId);
    await telemetry.forget(subjectId);
    await alarms.settle();
    await parking.settle();
    await registry.settle();
    await subscriptions.settle();
    await fhir.forget(subjectId);
  };
  return { holds, erasure: new Erasure({ ...ports, holds, forget }) };
}
