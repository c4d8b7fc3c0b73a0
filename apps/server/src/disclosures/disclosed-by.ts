/** Which answers leave the house: to another house, to a program of somebody else, or as a file. */
import type { DataClass, Purpose } from '@ausculta/policy/vocabulary';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { FastifyRequest } from 'fastify';
import { classesOfType } from '../access/document-class.ts';
import { callerOf, viewerOf } from '../people/access.ts';
import type { Caller } from '../people/sign-in.ts';
import type { Disclosure } from './ledger.ts';

export interface Told {
  readonly subjects: ReadonlySet<string>;
  readonly act: string;
  /** Of FHIR, where one was asked for. */
  readonly type: string | undefined;
  readonly span: Disclosure['span'] | undefined;
}

export function disclosedBy(request: FastifyRequest, told: Told, status: number): Disclosure[] {
  const recipient = recipientOf(callerOf(request), told.act);
  if (recipient === undefined || status >= 400) return [];
  const classes = classesTold(request, told.type);
  return [...told.subjects].map((id) =>
    disclosureOf(request, { ...told, ...recipient, classes }, id),
  );
}

function recipientOf(
  { organisationId, homeOrganisationId, accountId, clientId, displayName }: Caller,
  act: string,
): Pick<Disclosure, 'way' | 'recipient'> | undefined {
  if (homeOrganisationId !== organisationId)
    return { way: 'grant', recipient: `organisation/${homeOrganisationId}` };
  if (clientId !== undefined) return { way: 'program', recipient: `client/${clientId}` };
  if (act !== 'export') return undefined;
  return { way: 'export', recipient: accountId ? `account/${accountId}` : `token/${displayName}` };
}

function disclosureOf(
  request: FastifyRequest,
  told: Pick<Disclosure, 'way' | 'recipient' | 'classes'> & Pick<Told, 'span'>,
  subjectId: string,
): Disclosure {
  const { organisationId } = callerOf(request);
  const viewer = viewerOf(request);
  const { way, recipient, classes, span } = told;
  const [dataClass = 'documents'] = classes;
  const episode = viewer.spanOf(subjectId as SubjectId);
  const asked = { action: way === 'export' ? 'export' : 'read', dataClass } as const;
  const decision = viewer.decide({
    ...{ ...asked, subjectId: subjectId as SubjectId, labels: [] },
    span: episode && { fromMs: episode.fromMs, untilMs: episode.toMs },
  });
  const { consentId, grantId } = decision.isPermitted ? decision.evidence : {};
  const purpose = viewer.purpose ?? 'TREAT';
  const isOnward = decision.isPermitted && decision.obligations.includes('onward-same-purpose');
  const paper = grantId ?? consentId;
  return {
    ...{ organisationId, subjectId, way, recipient, purpose, classes },
    basis: basisOf(purpose, { grantId, consentId }),
    ...(paper !== undefined && { paper }),
    ...(span && { span }),
    ...(grantId !== undefined && { onward: isOnward ? 'same-purpose' : 'none' }),
  };
}

function basisOf(
  purpose: Purpose,
  { grantId, consentId }: { grantId?: string | undefined; consentId?: string | undefined },
): Disclosure['basis'] {
  if (grantId !== undefined) return 'grant';
  if (consentId !== undefined) return 'consent';
  return purpose === 'PATRQT' || purpose === 'FAMRQT' ? 'own-request' : 'law';
}

function classesTold(request: FastifyRequest, type: string | undefined): readonly DataClass[] {
  if (type !== undefined) return classesOfType(type);
  const { access } = request.routeOptions.config;
  return typeof access === 'object' ? [access.of] : ['documents'];
}
