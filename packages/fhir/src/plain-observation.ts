/**
 * A quick look at Observations shaped like readings, which come by the thousand a second. It knows the
 * elements that monitors and home devices send, and says "valid" only where base R4 has nothing to
 * say against them, not so much as a warning; whatever else it meets it leaves to `validate`. Tests
 * hold that promise against every example there is, and against mutations of them.
 */
import { isValidCalendarDate } from '@medplum/core';
import type { Observation } from '@medplum/fhirtypes';

type Check = (value: unknown) => boolean;

/** True: base R4 takes it, and says nothing. False: not known here; ask `validate`. */
export function isPlainObservation(value: unknown): value is Observation {
  if (!observation(value)) return false;
  const given = value as Observation;
  const { resourceType, status, code: measured } = given;
  if (!resourceType || !status || !measured) return false;
  const values = valuesOf(given);
  // obs-6, and obs-7: what has components here has no value of its own.
  if (values > 0 && (given.dataAbsentReason ?? given.component) !== undefined) return false;
  if (values > 1 || (given.effectiveDateTime && given.effectivePeriod)) return false;
  return (given.component ?? []).every(
    (part) => part.code !== undefined && valuesOf(part) + (part.dataAbsentReason ? 1 : 0) < 2,
  );
}

function valuesOf(part: object): number {
  let count = 0;
  for (const key in part) if (key.startsWith('value')) count += 1;
  return count;
}

/** Every key is known and its value as it should be, and there is at least one. */
function object(checks: Readonly<Record<string, Check>>): Check {
  const byKey = new Map(Object.entries(checks));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    let count = 0;
    for (const key in value) {
      const check = byKey.get(key);
      if (check === undefined || !check((value as Readonly<Record<string, unknown>>)[key]))
        return false;
      count += 1;
    }
    return count > 0;
  };
}

function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.length > 0 && value.every(check);
}

/** Well below the megabyte that R4 allows: what is longer is no matter for a quick look. */
const LENGTH_MAX = 10_000;

function text(pattern: RegExp): Check {
  return (value) => typeof value === 'string' && value.length <= LENGTH_MAX && pattern.test(value);
}

function oneOf(...codes: readonly string[]): Check {
  const known = new Set<unknown>(codes);
  return (value) => known.has(value);
}

/** Letters with at least one that is no blank; odd ones are left to the library. */
const string: Check = (value) => letters(value) && /[!-~\u00a1-\u167f]/.test(value as string);
/** By itself: as one pattern with the other it would try every letter in the place of that one. */
const letters = text(/^[ -~\u00a1-\u167f]*$/);
const uri = text(/^[!-~]+$/);
const code = text(/^[!-~]+( [!-~]+)*$/);
const id = text(/^[A-Za-z0-9\-.]{1,64}$/);
const boolean: Check = (value) => typeof value === 'boolean';
const decimal: Check = (value) => typeof value === 'number' && Number.isFinite(value);

const DATE_TIME =
  /^[12]\d{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-3]):[0-5]\d))?)?)?$/;

const dateTime: Check = (value) =>
  typeof value === 'string' && DATE_TIME.test(value) && isValidCalendarDate(value);
const instant: Check = (value) => dateTime(value) && (value as string).length > 'YYYY-MM-DD'.length;

const coding = object({
  system: uri,
  version: string,
  code,
  display: string,
  userSelected: boolean,
});
const concept = object({ coding: list(coding), text: string });
const identifier = object({ system: uri, value: string });

/** Of these types only: of another it would be a warning, or would depend on the rest. */
function reference(...types: readonly string[]): Check {
  const literal = text(new RegExp(`^(${types.join('|')})/[A-Za-z0-9.-]{1,64}$`));
  return object({ reference: literal, identifier, display: string });
}

const quantity: Check = (value) => {
  if (!amount(value)) return false;
  // qty-3: a code is a code of some system.
  const { code: unit, system } = value as { code?: string; system?: string };
  return unit === undefined || system !== undefined;
};
const amount = object({
  value: decimal,
  comparator: oneOf('<', '<=', '>=', '>'),
  unit: string,
  system: uri,
  code,
});

const extension: Check = (value) => linked(value) && Object.keys(value as object).length === 2;
const linked = object({ url: uri, valueReference: reference('Device', 'Observation', 'Patient') });

/** What a reading and a part of a panel share. */
const MEASURED = {
  extension: list(extension),
  code: concept,
  valueQuantity: quantity,
  valueCodeableConcept: concept,
  valueBoolean: boolean,
  dataAbsentReason: concept,
  interpretation: list(concept),
};

const meta = object({
  ...{ versionId: id, lastUpdated: instant, source: uri, profile: list(uri) },
  ...{ security: list(coding), tag: list(coding) },
});

const observation = object({
  ...MEASURED,
  ...{ resourceType: oneOf('Observation'), id, meta },
  status: oneOf('final', 'preliminary', 'amended', 'corrected', 'registered', 'cancelled'),
  identifier: list(identifier),
  category: list(concept),
  subject: reference('Patient', 'Group', 'Device', 'Location'),
  encounter: reference('Encounter'),
  effectiveDateTime: dateTime,
  issued: instant,
  performer: list(reference('Practitioner', 'PractitionerRole', 'Organization', 'Patient')),
  device: reference('Device', 'DeviceMetric'),
  bodySite: concept,
  method: concept,
  component: list(object(MEASURED)),
});
