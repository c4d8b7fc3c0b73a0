/**
 * The audit and the ledger of disclosures as AuditEvents: told here, kept once, and written by nobody. Whoever keeps
 * the audit is told all of the organisation; a person, and who speaks for them, what is about them. What other
 * systems have added as documents follows after what the audit itself has.
 */
import {
  type AuditedAgent,
  actEvent,
  disclosureEvent,
  readEvent,
} from '@ausculta/fhir/audit-event';
import { sha256Hex } from '@ausculta/fhir/sha-256';
import { isAuditAct } from '@ausculta/vitals/audit-act';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { AuditEvent } from '@medplum/fhirtypes';
import type { Audit } from '../audit/audit.ts';
import type { TrailAsked } from '../audit/trail.ts';
import {
  BEGINNING,
  type TrailEntry,
  type TrailLook,
  type TrailPage,
  trailEntry,
  trailPage,
  whoDid,
} from '../audit/trail.ts';
import { type Known, whoTheyAre } from '../audit/trail-store.ts';
import type { Sql } from '../database/pool.ts';
import type { ReadAs } from '../database/readers.ts';
import { viewAsPlatform, viewing } from '../database/viewing.ts';
import type { Ledger } from '../disclosures/ledger.ts';
import { namesOfRecipients } from '../disclosures/store.ts';
import type { Answer } from './answer.ts';
import type { FhirDocument } from './document.ts';
import { isStaff } from './practitioners.ts';
import type { FoundDocument } from './search-session.ts';

export const AUDIT_EVENT = 'AuditEvent';

export interface AuditEventPorts {
  readonly read: ReadAs;
  readonly sql: Sql;
  readonly audit: Pick<Audit, 'rounds'>;
  readonly ledger: Pick<Ledger, 'flush'>;
}

export type ToldEvent = FoundDocument & { readonly resource: AuditEvent };

export class AuditEvents {
  readonly #ports: AuditEventPorts;

  constructor(ports: AuditEventPorts) {
    this.#ports = ports;
  }

  /** Undefined where the audit has no such entry, or none that this reader is told of. */
  async read(
    organisationId: OrganisationId,
    id: string,
  ): Promise<Answer<FhirDocument> | undefined> {
    const only = viewing()?.audited();
    if (only?.length === 0) return undefined;
    await viewAsPlatform(() => this.#ports.ledger.flush());
    const entry =
      (await this.#entry(organisationId, id)) ?? (await this.#newEntry(organisationId, id));
    const isTold =
      entry !== undefined && (only === undefined || only.some((one) => isAbout(entry, one)));
    if (!isTold) return undefined;
    const [value] = await this.#tell(organisationId, [entry], only);
    return value && { ok: true, value };
  }

  async page(
    asked: TrailAsked & { readonly organisationId: OrganisationId },
    look: TrailLook<TrailEntry>,
  ): Promise<TrailPage<ToldEvent>> {
    // A page that follows tells nothing that came since.
    if (look.start === BEGINNING) await this.#settle();
    const { organisationId } = asked;
    const page = await viewAsPlatform(() =>
      this.#ports.read(organisationId, (sql) => trailPage(sql, asked, look)),
    );
    const only = viewing()?.audited();
    return { ...page, found: await this.#tell(organisationId, page.found, only) };
  }

  /** What was answered before this was asked is in it. */
  async #settle(): Promise<void> {
    const { audit, ledger } = this.#ports;
    await audit.rounds.settled();
    await viewAsPlatform(() => ledger.flush());
  }

  async #entry(organisationId: OrganisationId, id: string): Promise<TrailEntry | undefined> {
    return await viewAsPlatform(() =>
      this.#ports.read(organisationId, (sql) => trailEntry(sql, organisationId, id)),
    );
  }

  /** An entry never changes: only one that is not there yet is waited for. */
  async #newEntry(organisationId: OrganisationId, id: string): Promise<TrailEntry | undefined> {
    await this.#ports.audit.rounds.settled();
    return await this.#entry(organisationId, id);
  }

  async #tell(
    organisationId: OrganisationId,
    entries: readonly TrailEntry[],
    only: readonly string[] | undefined,
  ): Promise<ToldEvent[]> {
    const known = await this.#knownIn(organisationId, entries);
    return entries.map((entry) => told(eventOf(organisationId, entry, { ...known, only })));
  }

  async #knownIn(
    organisationId: OrganisationId,
    entries: readonly TrailEntry[],
  ): Promise<Pick<Telling, 'agents' | 'recipients'>> {
    const { read, sql } = this.#ports;
    const who = new Set(entries.flatMap((entry) => whoDid(entry) ?? []));
    const recipients = new Set(entries.flatMap((one) => recipientIn(one) ?? []));
    return await viewAsPlatform(async () => {
      const known =
        who.size === 0
          ? []
          : await read(organisationId, (reader) => whoTheyAre(reader, organisationId, [...who]));
      const agents = new Map(known.map((one) => [one.who, agentOf(one)]));
      // Other houses are among them.
      const names =
        recipients.size === 0 ? new Map() : await namesOfRecipients(sql, [...recipients]);
      return { agents, recipients: names };
    });
  }
}

/** A patient's name is told by their record alone, and ends with it. */
function agentOf({ who, name, roles }: Known): AuditedAgent {
  const isProgram = who.startsWith('token-');
  const isOfStaff = !isProgram && isStaff(roles);
  return { who, roles, isStaff: isOfStaff, name: isProgram || isOfStaff ? name : undefined };
}

function recipientIn(entry: TrailEntry): string | undefined {
  if (entry.kind === 'disclosure') return entry.disclosure.recipient;
  return entry.kind === 'read' && entry.read.app !== undefined
    ? clientName(entry.read.app)
    : undefined;
}

const clientName = (id: string): string => `client/${id}`;

function isAbout(entry: TrailEntry, subjectId: string): boolean {
  if (entry.kind === 'act') return entry.act.target === `subject/${subjectId}`;
  if (entry.kind === 'read') return entry.read.subjects.includes(subjectId);
  return entry.disclosure.subject_id === subjectId;
}

interface Telling {
  readonly agents: ReadonlyMap<string, AuditedAgent>;
  readonly recipients: ReadonlyMap<string, string>;
  /** Of whom alone this reader is told; undefined: of all. */
  readonly only: readonly string[] | undefined;
}

function eventOf(
  organisationId: OrganisationId,
  entry: TrailEntry,
  { agents, recipients, only }: Telling,
): AuditEvent & { readonly id: string } {
  const { id, atMs } = entry;
  const who = whoDid(entry);
  const agent = (who === undefined ? undefined : agents.get(who)) ?? { who };
  if (entry.kind === 'act') {
    const { act: name, target } = entry.act;
    const act = isAuditAct(name) ? name : undefined;
    return actEvent({ id, organisationId, atMs, act, name, target, agent });
  }
  if (entry.kind === 'read') {
    const { act, route, type, purpose, status, requestId, app: appId, subjects: all } = entry.read;
    const app =
      appId === undefined ? undefined : { id: appId, name: recipients.get(clientName(appId)) };
    const subjects = only === undefined ? all : all.filter((one) => only.includes(one));
    const isPart = subjects.length < all.length;
    const said = { act, app, route, type, purpose, status, requestId, subjects, isPart };
    return readEvent({ id, organisationId, atMs, agent, ...said });
  }
  const {
    subject_id: subjectId,
    last_ms: untilMs,
    recipient,
    place,
    paper,
    ...row
  } = entry.disclosure;
  const { way, purpose, basis, classes, times } = row;
  return disclosureEvent({
    ...{ id, organisationId, atMs, untilMs, subjectId, recipient },
    ...{ way, purpose, basis, classes, times },
    recipientName: recipients.get(recipient),
    place: place ?? undefined,
    paper: paper === '' ? undefined : paper,
  });
}

/** Another version for each thing that becomes of it: a day of disclosures grows. */
function told({ id, meta, ...rest }: AuditEvent & { readonly id: string }): ToldEvent {
  const versionId = `0.${sha256Hex(JSON.stringify(rest)).slice(0, 16)}`;
  const { resourceType, ...elements } = rest;
  const resource = { resourceType, id, meta: { versionId, ...meta }, ...elements };
  const subjectIds = (rest.entity ?? []).flatMap(
    ({ what }) => /^Patient\/(.+)$/.exec(what?.reference ?? '')?.[1] ?? [],
  );
  const text = JSON.stringify(resource);
  return { type: AUDIT_EVENT, id, versionId, updatedMs: undefined, text, resource, subjectIds };
}
