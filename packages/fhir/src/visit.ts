/** A visit as it is recorded, and what its claim is made of: parts, each there or lacking something. */
import type { Coverage, Encounter, Reference, Resource } from '@medplum/fhirtypes';

/** What a biller has to mend, and where. */
export interface Lack {
  readonly code: 'required' | 'value' | 'not-found' | 'business-rule' | 'too-long';
  /** No value and no name. */
  readonly text: string;
  readonly at: string;
}

export type Part<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly lacks: readonly Lack[] };

export type OfTypes<T extends Resource['resourceType']> = Extract<Resource, { resourceType: T }>;

export interface Visit {
  readonly encounter: Encounter;
  /** What is there of what it refers to; of another type, or missing: undefined. */
  readonly find: <T extends Resource['resourceType']>(
    types: readonly T[],
    reference: Reference | undefined,
  ) => OfTypes<T> | undefined;
  /** Whether a reference means the patient of the visit, under whichever of their records. */
  readonly isPatient: (reference: Reference | undefined) => boolean;
  /** All of the patient, of any status and time. */
  readonly coverages: readonly Coverage[];
  /** When the claim is made, as an instant. */
  readonly at: string;
}

export const lack = (code: Lack['code'], at: string, text: string): Part<never> => ({
  ok: false,
  lacks: [{ code, text, at }],
});

export function isOneOf<T extends Resource['resourceType']>(
  resource: Resource,
  types: readonly T[],
): resource is OfTypes<T> {
  return types.some((type) => type === resource.resourceType);
}
