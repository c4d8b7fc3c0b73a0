/** Alarms as Flags: told here, read by an id that says whose and since when, and written by nobody. */
import {
  alarmFlagId,
  type FlaggedAlarm,
  parseAlarmFlagId,
  toAlarmFlag,
} from '@ausculta/fhir/alarm-flag';
import type { LinksOf } from '@ausculta/fhir/observation';
import { observationTexts } from '@ausculta/fhir/observation-text';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import { isLossOfMonitoring } from '@ausculta/vitals/alarm';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { ReadAs } from '../database/readers.ts';
import { viewing } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import { type AlarmsAbout, alarmsAbout, alarmsOpenedAt } from './alarm-store.ts';
import type { Answer } from './answer.ts';
import type { FhirDocument } from './document.ts';
import { inOrder } from './reading-pages.ts';

export interface AlarmFlagPorts {
  readonly read: ReadAs;
  readonly registry: Pick<Registry, 'subjects'>;
  readonly keys: Pick<SubjectKeys, 'sealOf'>;
  readonly telemetry: Pick<Telemetry, 'range'>;
  readonly linksOf: LinksOf;
}

export const FLAG = 'Flag';

export interface ToldAlarm {
  readonly alarm: FlaggedAlarm;
  readonly document: FhirDocument;
}

export class AlarmFlags {
  readonly #ports: AlarmFlagPorts;

  constructor(ports: AlarmFlagPorts) {
    this.#ports = ports;
  }

  /** Whether it is the id of an alarm of somebody here: no document may take it. */
  isOne(organisationId: OrganisationId, id: string): boolean {
    const key = parseAlarmFlagId(id);
    return key !== undefined && this.#isHere(organisationId, key.subjectId);
  }

  /** Undefined where there is no such alarm. */
  async read(
    organisationId: OrganisationId,
    id: string,
  ): Promise<Answer<FhirDocument> | undefined> {
    const key = parseAlarmFlagId(id);
    if (key === undefined || !this.#isSeen(organisationId, key.subjectId)) return undefined;
    const opened = await this.#ports.read(organisationId, (sql) =>
      alarmsOpenedAt(sql, organisationId, key),
    );
    const alarm = opened.find((one) => alarmFlagId(one) === id);
    return alarm && { ok: true, value: await this.#tell(alarm) };
  }

  /** What concerns values of these metrics at a time: not that they stopped coming afterwards. */
  async about(
    organisationId: OrganisationId,
    { opener, ...asked }: AlarmsAbout & { readonly opener: string },
  ): Promise<ToldAlarm[]> {
    const subjectIds = asked.subjectIds.filter((id) => this.#isSeen(organisationId, id));
    const found = await this.#ports.read(organisationId, (sql) =>
      alarmsAbout(sql, organisationId, { ...asked, subjectIds }),
    );
    const told: ToldAlarm[] = [];
    for (const alarm of found) {
      if (isLossOfMonitoring(alarm.ruleKey)) continue;
      const own = alarm.openedMs === asked.atMs ? opener : undefined;
      told.push({ alarm, document: await this.#tell(alarm, own) });
    }
    return told;
  }

  #isSeen(organisationId: OrganisationId, subjectId: FlaggedAlarm['subjectId']): boolean {
    const isHere = this.#isHere(organisationId, subjectId);
    return isHere && (viewing()?.seesAlarmsOf(subjectId) ?? true);
  }

  #isHere(organisationId: OrganisationId, subjectId: FlaggedAlarm['subjectId']): boolean {
    const { registry, keys } = this.#ports;
    const subject = registry.subjects.get(subjectId);
    return subject?.organisationId === organisationId && keys.sealOf(subjectId) !== undefined;
  }

  async #tell(alarm: FlaggedAlarm, opener?: string): Promise<FhirDocument> {
    const {
      id,
      resourceType: type,
      ...rest
    } = toAlarmFlag(alarm, opener ?? (await this.#openerOf(alarm)));
    // Another version for each thing that becomes of it.
    const versionId = `0.${sha256Hex(JSON.stringify(rest)).slice(0, 16)}`;
    const text = JSON.stringify({ resourceType: type, id, meta: { versionId }, ...rest });
    return { type, id, versionId, updatedMs: undefined, text, subjectIds: [alarm.subjectId] };
  }

  /** The reading that opened it, as far as it is in the same record: one that somebody wrote has none. */
  async #openerOf({ subjectId, metric, openedMs }: FlaggedAlarm): Promise<string | undefined> {
    const { telemetry, linksOf } = this.#ports;
    const span = { fromMs: openedMs, toMs: openedMs + 1, metrics: [metric] };
    const ranges = await telemetry.range({ subjectId, ...span, unreadable: [] });
    const placed = inOrder(ranges, { newestFirst: false, wanted: 1 });
    const [reading] = observationTexts(placed, linksOf);
    return reading && `Observation/${reading.id}`;
  }
}
