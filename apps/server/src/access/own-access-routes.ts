/** What the caller may do of one person, which records they have open, and whom they may put on a team. */
import {
  type Directory,
  type FoundPatients,
  type MyAccess,
  type MyEmergencies,
  PatientWanted,
  SUBJECT_ACTS,
  type SubjectAct,
} from '@ausculta/contract/access';
import type { Role } from '@ausculta/policy/vocabulary';
import { fail } from '@ausculta/vitals/fault';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofHouse, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Asked } from './gate.ts';
import { type AccessRoutePorts, iso } from './route-ports.ts';
import { holdsAt } from './standing.ts';
import * as store from './standing-store.ts';

/** Of those who treat. */
const TREATING: readonly Role[] = [
  ...(['physician', 'nurse', 'primary-care', 'paramedic', 'pharmacist', 'caregiver'] as const),
];

const SIGNED_IN = { config: { access: 'signed-in' } } as const;

export function ownAccessRoutes(app: FastifyInstance, ports: AccessRoutePorts): void {
  const { sql, gate, nowMs } = ports;

  app.get(
    '/api/directory',
    { config: ofHouse('search', 'directory') },
    async (request): Promise<Directory> => {
      const { organisationId } = callerOf(request);
      const rows = await store.accountsOfRoles(sql, organisationId, TREATING);
      const people = rows.map(({ id, name, roles }) => ({ id, name, roles: [...roles] }));
      // Which houses share an installation is for whoever opens something to them.
      const isGranting = viewerOf(request).may({ action: 'administer', dataClass: 'policy' });
      const houses = isGranting ? await store.organisationNames(sql) : [];
      return { people, houses: houses.filter(({ id }) => id !== organisationId) };
    },
  );

  app.get<{ Params: { subject: string } }>(
    '/api/me/access/:subject',
    SIGNED_IN,
    async (request, reply): Promise<MyAccess> => {
      const subjectId = parseSubjectId(request.params.subject);
      if (subjectId === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
      const viewer = viewerOf(request);
      const may = SUBJECT_ACTS.filter((act) => viewer.may(askedBy(act, subjectId)));
      const isClosed = !may.includes('read identity');
      return { may, opensInEmergency: isClosed && breaksGlass(request, subjectId, ports) };
    },
  );

  findRoute(app, ports);

  app.get('/api/me/emergencies', SIGNED_IN, (request): MyEmergencies => {
    const { accountId } = callerOf(request);
    const rows = accountId === undefined ? [] : gate.standing.glassOf(accountId);
    const open = rows.filter((row) => holdsAt(row, nowMs()));
    return {
      open: open.map(({ subject_id, from_ms, until_ms }) => ({
        ...{ subjectId: subject_id, from: iso(from_ms), until: iso(until_ms) },
      })),
    };
  });
}

const FOUND_MAX = 20;

/** Whom one admits, or needs in an emergency: who it is, and nothing of the record. */
function findRoute(app: FastifyInstance, { registry }: AccessRoutePorts): void {
  app.post(
    '/api/find-patients',
    { config: ofHouse('search', 'identity') },
    async (request, reply): Promise<FoundPatients> => {
      const body = PatientWanted.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { organisationId } = callerOf(request);
      const viewer = viewerOf(request);
      const all = [...registry.subjects.values()].filter(
        (subject) =>
          subject.organisationId === organisationId &&
          subject.kind === 'patient' &&
          isMeant(subject.identity, body.data.wanted) &&
          viewer.finds(subject.id),
      );
      const told = all.slice(0, FOUND_MAX);
      noteRead(
        request,
        told.map(({ id }) => id),
        { act: 'search' },
      );
      return { found: told.map(foundView), more: all.length > told.length };
    },
  );
}

type Identity = RegisteredSubject['identity'];

/** Less than this is everybody. */
const WANTED_MIN = 2;

function isMeant({ familyName, givenName, recordNumber }: Identity, wanted: string): boolean {
  const plain = wanted.toLowerCase().replaceAll(',', ' ').split(/\s+/).filter(Boolean);
  const name = `${familyName} ${givenName}`.toLowerCase();
  return (
    recordNumber.toLowerCase() === wanted.toLowerCase() ||
    (plain.join('').length >= WANTED_MIN && plain.every((word) => name.includes(word)))
  );
}

function foundView({ id, identity }: RegisteredSubject): FoundPatients['found'][number] {
  const { familyName, givenName, recordNumber, birthDate } = identity;
  return { id, familyName, givenName, recordNumber, ...(birthDate !== undefined && { birthDate }) };
}

/** Asked of the role alone: of nobody it is the same as of somebody who is closed. */
function breaksGlass(
  request: FastifyRequest,
  subjectId: SubjectId,
  { gate, nowMs }: AccessRoutePorts,
): boolean {
  const caller = callerOf(request);
  const { accountId, organisationId, homeOrganisationId } = caller;
  if (accountId === undefined || organisationId !== homeOrganisationId) return false;
  const glass = {
    ...{ actorId: accountId, subjectId, reason: 'asked beforehand' },
    ...{ fromMs: nowMs(), untilMs: nowMs() + 60_000 },
  };
  return gate.decideThroughGlass(caller, glass).isPermitted;
}

function askedBy(act: SubjectAct, subjectId: SubjectId): Asked {
  switch (act) {
    case 'read identity':
      return { action: 'read', dataClass: 'identity', subjectId };
    case 'read placement':
      return { action: 'read', dataClass: 'placement', subjectId };
    case 'change placement':
      return { action: 'change', dataClass: 'placement', subjectId };
    case 'read consents':
      return { action: 'read', dataClass: 'consents', subjectId };
    case 'create consents':
      return { action: 'create', dataClass: 'consents', subjectId };
    case 'change consents':
      return { action: 'change', dataClass: 'consents', subjectId };
    case 'read disclosures':
      return { action: 'read', dataClass: 'disclosures', subjectId };
    default:
      return act satisfies never;
  }
}
