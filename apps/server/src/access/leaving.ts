/** What the platform itself gives away of persons, without anybody who asks: each time the policy decides. */
import type { CompiledConsent } from '@ausculta/policy/consent';
import { type Decision, decide } from '@ausculta/policy/decide';
import type { DataClass, Purpose } from '@ausculta/policy/vocabulary';
import { bitsOf, purposePlace } from '@ausculta/policy/word-bits';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Gate } from './gate.ts';

type Consents = Pick<Gate, 'consentsOf'>;

interface Leaving {
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly metric?: string;
  readonly span?: { readonly fromMs: number; readonly untilMs: number };
  readonly nowMs: number;
}

/** Where nobody has said under whose law data lie: the recipient counts as part of the house that it serves. */
const NO_JURISDICTION = 'ZZ';

function requestOf(
  { organisationId, subjectId, metric, span, nowMs }: Leaving,
  purpose: Purpose,
  dataClass: DataClass,
) {
  const place = { organisationId, jurisdiction: NO_JURISDICTION };
  return {
    ...{ nowMs, purpose, dataClass, grants: [] },
    target: {
      ...place,
      subjectId,
      ...(metric !== undefined && { metric }),
      ...(span && { dataFromMs: span.fromMs, dataUntilMs: span.untilMs }),
    },
    sink: { kind: 'organisation', ...place } as const,
  };
}

/**
 * A summary for the record of another hospital. That the person was opted in is their yes to that recipient for
 * their treatment; what they have said beside it may still say no. A consent names it as Organization/NAME.
 */
export function decideSummary(
  consents: Consents,
  { destination, ...leaving }: Leaving & { readonly destination: string },
): Decision {
  const { subjectId } = leaving;
  const reference = `Organization/${destination}`;
  const optedIn: CompiledConsent = {
    ...{ id: `opt-in/${destination}`, subjectId, edgesMs: [], edgesMinuteOfDay: [] },
    root: {
      ...{ path: '0', effect: 'permit', exceptions: [] },
      purposes: bitsOf(['TREAT'], purposePlace),
    },
  };
  return decide({
    ...requestOf(leaving, 'TREAT', 'vitals'),
    actor: {
      ...{ id: `destination:${destination}`, role: 'platform-job', relations: [] },
      ...{ organisationId: leaving.organisationId, references: [reference] },
    },
    action: 'disclose',
    consents: [...consents.consentsOf(subjectId), optedIn],
  });
}

/** Figures about many, in which nobody is: for public health, and as others research by them. */
export function isInFigures(consents: Consents, leaving: Leaving): boolean {
  const own = consents.consentsOf(leaving.subjectId);
  if (own.length === 0) return true;
  return (['PUBHLTH', 'HRESCH'] as const).every((purpose) => {
    const request = requestOf(leaving, purpose, 'vitals');
    const decision = decide({
      ...request,
      actor: {
        ...{ id: 'indicators', role: 'public-health-analyst', relations: ['programme'] },
        ...{ organisationId: leaving.organisationId, references: [] },
      },
      target: { ...request.target, isDeIdentified: true },
      action: 'export',
      consents: own,
    });
    // Research asks for a yes, figures do not: what counts here is a no that somebody has said.
    return decision.isPermitted || decision.evidence.consentId === undefined;
  });
}
