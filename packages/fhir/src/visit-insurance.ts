/** Who pays for a visit: the Coverages of the patient that hold on its day, in their order. */
import type { ClaimInsurance, Coverage, Organization, Reference } from '@medplum/fhirtypes';
import { lack, type Part, type Visit } from './visit.ts';

export interface Insurance {
  readonly insurance: readonly ClaimInsurance[];
  /** Of the first, where it is an Organization. */
  readonly insurer: Reference<Organization> | undefined;
}

/** An 837P names a payer and ten others (loop 2320). */
const COVERAGES_MAX = 11;

export function insuranceOf({ encounter, coverages, isPatient }: Visit): Part<Insurance> {
  const day = encounter.period?.start?.slice(0, 10) ?? '';
  const holding = coverages.filter(
    (one) => one.status === 'active' && isPatient(one.beneficiary) && isHolding(one, day),
  );
  const at = 'Claim.insurance';
  if (holding.length === 0)
    return lack('required', at, 'No active Coverage of the patient holds on the day of the visit.');
  if (holding.length > COVERAGES_MAX)
    return lack('too-long', at, 'A claim has 11 Coverages at most.');
  const orders = new Set(holding.map(({ order }) => order));
  if (holding.length > 1 && (orders.size < holding.length || orders.has(undefined)))
    return lack(
      'business-rule',
      'Coverage.order',
      'Several Coverages hold, and which pays first is not said.',
    );
  const inOrder = holding.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
  const payor = inOrder[0]?.payor[0];
  const isOrganization = /(^|\/)Organization\//.test(payor?.reference ?? '');
  return {
    ok: true,
    value: {
      insurance: inOrder.map(({ id }, index) => ({
        sequence: index + 1,
        focal: index === 0,
        coverage: { reference: `Coverage/${id}` },
      })),
      insurer: isOrganization && payor?.reference ? { reference: payor.reference } : undefined,
    },
  };
}

/** A date is as long as it is precise, and both ends are in it. A day is one of the place of the visit. */
function isHolding({ period = {} }: Coverage, day: string): boolean {
  const [start = '', end = ''] = [period.start, period.end].map((one) => one?.slice(0, 10));
  const isBegun = day.slice(0, start.length) >= start;
  return day !== '' && isBegun && day.slice(0, end.length) <= end;
}
