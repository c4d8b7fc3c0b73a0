/**
 * An entry of the audit as FHIR R4 has it, in the shape of IHE's Basic Audit Log Patterns. It holds what the entry
 * holds: who, what, of whom, why and when, by ids. What was asked is in no entry, so it is in no event; nor is the
 * address from which somebody asked. One request is one event, of however many people.
 */
import type { AuditAct, ReadAct } from '@ausculta/vitals/audit-act';
import type { AuditEvent, AuditEventAgent, AuditEventEntity } from '@medplum/fhirtypes';
import { type AuditCodes, actCodes, DISCLOSURE_CODES, readCodes } from './audit-codes.ts';
import { GATEWAY_ID } from './device.ts';
import { deviceTag } from './reading-id.ts';
import { SYSTEM } from './systems.ts';

/** Who did it, as they are known now. */
export interface AuditedAgent {
  /** An account, `token-…` of a program, `device/…`; undefined: the platform by itself. */
  readonly who: string | undefined;
  /** Of staff and programs; a patient's name is told by their record alone. */
  readonly name?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly isStaff?: boolean | undefined;
}

interface Audited {
  readonly id: string;
  readonly organisationId: string;
  readonly atMs: number;
}

export interface AuditedAct extends Audited {
  readonly act: AuditAct | undefined;
  readonly name: string;
  /** `subject/…`, `device/…`, `keys`. */
  readonly target: string;
  readonly agent: AuditedAgent;
}

export interface AuditedRead extends Audited {
  readonly act: ReadAct;
  readonly agent: AuditedAgent;
  readonly subjects: readonly string[];
  /** It was of others as well, whom this reader is not told of. */
  readonly isPart: boolean;
  /** With the names of its parameters alone. */
  readonly route: string;
  readonly type: string | undefined;
  readonly purpose: string | undefined;
  readonly status: number;
  readonly requestId: string;
  /** The client by which they asked, where it is somebody else's. */
  readonly app?: { readonly id: string; readonly name: string | undefined } | undefined;
}

export interface AuditedDisclosure extends Audited {
  readonly untilMs: number;
  readonly subjectId: string;
  readonly way: string;
  /** `organisation/…`, `client/…`, `account/…`, `destination/…`, `subscription/…`, `token/…`. */
  readonly recipient: string;
  readonly recipientName: string | undefined;
  /** A host, or the domain of a mail. */
  readonly place: string | undefined;
  readonly purpose: string;
  readonly basis: string;
  readonly paper: string | undefined;
  readonly classes: readonly string[];
  readonly times: number;
}

type Event = AuditEvent & { readonly id: string };
type Who = AuditEvent['source']['observer'] & NonNullable<AuditEventAgent['who']>;
type What = NonNullable<AuditEventEntity['what']>;

export function actEvent({ act, name, target, agent, ...audited }: AuditedAct): Event {
  const entity = targetEntity(target);
  return {
    ...common(audited, actCodes(act, name)),
    outcome: '0',
    agent: [userAgent(agent, 'AUT')],
    source: sourceOf(audited),
    ...(entity && { entity: [entity] }),
  };
}

export function readEvent(read: AuditedRead): Event {
  const { act, agent, subjects, isPart, route, type, purpose, status, requestId } = read;
  const isSearch = act === 'search';
  const [server, client] = isSearch ? [DESTINATION, SOURCE] : [SOURCE, DESTINATION];
  const known = common(read, readCodes(act));
  return {
    ...known,
    ...(isPart && { meta: { tag: [SUBSETTED] } }),
    outcome: outcomeOf(status),
    ...purposeOf(purpose),
    agent: [
      { type: { coding: [server] }, who: PLATFORM, requestor: false },
      { type: { coding: [client] }, who: clientOf(read), requestor: false },
      userAgent(agent, 'IRCP', purpose),
    ],
    source: sourceOf(read),
    entity: [
      {
        what: { identifier: { value: requestId } },
        type: { system: SYSTEM.BALP_ENTITY_TYPE, code: 'XrequestId' },
      },
      {
        what: { display: type ?? route },
        ...{ type: SYSTEM_OBJECT, role: isSearch ? role('24', 'Query') : DOMAIN_RESOURCE },
        name: route,
      },
      ...subjects.map(patientEntity),
    ],
  };
}

export function disclosureEvent(told: AuditedDisclosure): Event {
  const { atMs, untilMs, subjectId, recipient, recipientName, place, purpose, paper } = told;
  const network = place === undefined ? {} : { network: { address: place, type: '1' as const } };
  const papers = paper === undefined ? [] : [paperEntity(told.basis, paper)];
  return {
    ...common(told, DISCLOSURE_CODES),
    period: { start: iso(atMs), end: iso(untilMs) },
    outcome: '0',
    ...purposeOf(purpose),
    agent: [
      { type: { coding: [SOURCE] }, who: PLATFORM, requestor: false },
      {
        type: { coding: [DESTINATION] },
        who: recipientOf(recipient, recipientName),
        ...(recipientName !== undefined && { name: recipientName }),
        ...network,
        requestor: told.way === 'grant' || told.way === 'program' || told.way === 'export',
      },
    ],
    source: sourceOf(told),
    entity: [
      patientEntity(subjectId),
      ...told.classes.map((one) => ({
        what: { identifier: { system: SYSTEM.DATA_CLASS, value: one } },
        ...{ type: SYSTEM_OBJECT, role: DOMAIN_RESOURCE },
        detail: [
          { type: 'way', valueString: told.way },
          { type: 'basis', valueString: told.basis },
          { type: 'times', valueString: String(told.times) },
        ],
      })),
      ...papers,
    ],
  };
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

function common({ id, atMs }: Audited, codes: AuditCodes) {
  return { resourceType: 'AuditEvent' as const, id, ...codes, recorded: iso(atMs) };
}

/** Said by R4 of what leaves a part out. */
const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

const SOURCE = { system: SYSTEM.DICOM, code: '110153', display: 'Source Role ID' };
const DESTINATION = { system: SYSTEM.DICOM, code: '110152', display: 'Destination Role ID' };
const PLATFORM: Who = { reference: `Device/${GATEWAY_ID}`, display: 'Ausculta' };
const SYSTEM_OBJECT = { system: SYSTEM.AUDIT_ENTITY_TYPE, code: '2', display: 'System Object' };
const PERSON = { system: SYSTEM.AUDIT_ENTITY_TYPE, code: '1', display: 'Person' };
const ORGANISATION = { system: SYSTEM.AUDIT_ENTITY_TYPE, code: '3', display: 'Organization' };
const role = (code: string, display: string) => ({ system: SYSTEM.OBJECT_ROLE, code, display });
const DOMAIN_RESOURCE = role('4', 'Domain Resource');

function sourceOf({ organisationId }: Pick<Audited, 'organisationId'>): AuditEvent['source'] {
  const type = [{ system: SYSTEM.SECURITY_SOURCE, code: '4', display: 'Application Server' }];
  return { site: organisationId, observer: PLATFORM, type };
}

/** 4: the one who asked could have asked otherwise; 8: the platform could not. */
function outcomeOf(status: number): NonNullable<AuditEvent['outcome']> {
  if (status < 400) return '0';
  return status < 500 ? '4' : '8';
}

const coded = (code: string) => [{ coding: [{ system: SYSTEM.ACT_REASON, code }] }];
const purposeOf = (purpose: string | undefined) =>
  purpose === undefined ? {} : { purposeOfEvent: coded(purpose) };

function userAgent(
  agent: AuditedAgent,
  participation: 'AUT' | 'IRCP',
  purpose?: string,
): AuditEventAgent {
  const { name, roles = [] } = agent;
  return {
    type: { coding: [{ system: SYSTEM.PARTICIPATION_TYPE, code: participation }] },
    ...(roles.length > 0 && {
      role: roles.map((code) => ({ coding: [{ system: SYSTEM.ROLE, code }] })),
    }),
    who: whoOf(agent),
    ...(name !== undefined && { name }),
    requestor: true,
    ...(purpose !== undefined && { purposeOfUse: coded(purpose) }),
  };
}

function whoOf({ who, name, isStaff = false }: AuditedAgent): Who {
  if (who === undefined) return PLATFORM;
  if (who.startsWith('device/')) return deviceReference(who.slice('device/'.length));
  const display = name === undefined ? {} : { display: name };
  if (isStaff) return { reference: `Practitioner/${who}`, ...display };
  const kind = who.startsWith('token-') ? 'token' : 'account';
  return { identifier: { system: `urn:ausculta:${kind}`, value: who }, ...display };
}

const deviceReference = (id: string): Who => ({ reference: `Device/${deviceTag(id)}` });

function clientOf({ app, agent }: Pick<AuditedRead, 'app' | 'agent'>): Who {
  return app === undefined ? whoOf(agent) : recipientOf(`client/${app.id}`, app.name);
}

function recipientOf(recipient: string, name: string | undefined): Who {
  const [kind = '', value = ''] = split(recipient);
  const display = name === undefined ? {} : { display: name };
  return { identifier: { system: `urn:ausculta:${kind}`, value }, ...display };
}

const split = (target: string): [string, string] => {
  const at = target.indexOf('/');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
};

function patientEntity(subjectId: string): AuditEventEntity {
  const what = { reference: `Patient/${subjectId}` };
  return { what, type: PERSON, role: role('1', 'Patient') };
}

function paperEntity(basis: string, paper: string): AuditEventEntity {
  const isConsent = basis === 'consent' && /^[A-Za-z0-9.-]{1,64}$/.test(paper);
  const what: What = isConsent
    ? { reference: `Consent/${paper}` }
    : { identifier: { system: `urn:ausculta:${basis}`, value: paper } };
  return { what, type: SYSTEM_OBJECT, role: role('13', 'Security Resource') };
}

function targetEntity(target: string): AuditEventEntity | undefined {
  const [kind, id] = split(target);
  if (kind === 'subject') return patientEntity(id);
  if (kind === 'keys')
    return { type: SYSTEM_OBJECT, role: role('13', 'Security Resource'), name: kind };
  if (kind === 'device')
    return { what: deviceReference(id), type: SYSTEM_OBJECT, role: DOMAIN_RESOURCE };
  if (kind === 'subscription') {
    const what = { reference: `Subscription/${id}` };
    return { what, type: SYSTEM_OBJECT, role: role('20', 'Job') };
  }
  const what = { identifier: { system: `urn:ausculta:${kind}`, value: id } };
  if (kind === 'organisation') return { what, type: ORGANISATION, role: DOMAIN_RESOURCE };
  if (kind === 'account') return { what, type: PERSON, role: role('11', 'Security User Entity') };
  return { what, type: SYSTEM_OBJECT, role: role('16', 'Data Destination') };
}
