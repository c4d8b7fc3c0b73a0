/** By which elements of R4 a resource says what it followed from, and what it changed. */
import type { CarePlan, Provenance, Reference, Task } from '@medplum/fhirtypes';

type Links = readonly (Reference | undefined)[];

/** What is to be done, on behalf of what, why, and given what. */
export function causesOfTask({ focus, basedOn = [], reasonReference, input = [] }: Task): Links {
  return [focus, ...basedOn, reasonReference, ...input.map((one) => one.valueReference)];
}

/** What it is part of: another Task. */
export function wholesOfTask({ partOf = [], basedOn = [] }: Task): Links {
  return [...partOf, ...basedOn];
}

/** What is done and has been seen, and what the plan was made for. */
export function causesOfPlan({ activity = [], supportingInfo = [] }: CarePlan): Links {
  const done = activity.flatMap(({ reference, outcomeReference = [] }) => {
    return [reference, ...outcomeReference];
  });
  return [...done, ...supportingInfo];
}

/** What came of it, or was changed. */
export function changedBy(resource: Task | Provenance): Links {
  if (resource.resourceType === 'Provenance') return resource.target;
  return (resource.output ?? []).map((one) => one.valueReference);
}
