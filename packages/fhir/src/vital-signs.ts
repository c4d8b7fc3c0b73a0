/**
 * The vital-signs profiles of R4 (http://hl7.org/fhir/R4/observation-vitalsigns.html) as a table and
 * its rules. They are written out here because `@medplum/core` counts the slices of a profile without
 * looking into them: it takes a heart rate in Hz, and refuses every blood pressure.
 */
import type { Coding, Observation, OperationOutcomeIssue, Quantity } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';

export interface VitalSign {
  /** The profile's name, the end of its URL. */
  readonly name: string;
  readonly loinc: string;
  /** UCUM codes of its quantity; none where the profile has no value of its own. */
  readonly units: readonly string[];
}

const PREFIX = 'http://hl7.org/fhir/StructureDefinition/';
const LENGTHS = ['cm', '[in_i]'];

export const VITAL_SIGNS: readonly VitalSign[] = [
  { name: 'heartrate', loinc: '8867-4', units: ['/min'] },
  { name: 'resprate', loinc: '9279-1', units: ['/min'] },
  { name: 'oxygensat', loinc: '2708-6', units: ['%'] },
  { name: 'bodytemp', loinc: '8310-5', units: ['Cel', '[degF]'] },
  { name: 'bodyweight', loinc: '29463-7', units: ['kg', '[lb_av]', 'g'] },
  { name: 'bodyheight', loinc: '8302-2', units: LENGTHS },
  { name: 'headcircum', loinc: '9843-4', units: LENGTHS },
  { name: 'bmi', loinc: '39156-5', units: ['kg/m2'] },
  { name: 'bp', loinc: '85354-9', units: [] },
  { name: 'vitalspanel', loinc: '85353-1', units: [] },
];

/** What a blood pressure is made of; other parts, such as the mean, may stand beside. */
export const PRESSURES = { systolic: '8480-6', diastolic: '8462-4', unit: 'mm[Hg]' } as const;

export function profileUrl({ name }: VitalSign): string {
  return PREFIX + name;
}

/** R4 asks that whoever sends one of these codes follows the profile, named in `meta` or not. */
export function vitalSignOf({ meta, code }: Observation): VitalSign | undefined {
  const isNamed = (sign: VitalSign) => meta?.profile?.includes(profileUrl(sign)) === true;
  const isCoded = ({ loinc }: VitalSign) => countOf(code.coding, SYSTEM.LOINC, loinc) > 0;
  return VITAL_SIGNS.find(isNamed) ?? VITAL_SIGNS.find(isCoded);
}

/** What the profiles ask beyond base R4, of an Observation that base R4 takes. */
export function vitalSignIssues(
  observation: Observation,
  sign: VitalSign,
): OperationOutcomeIssue[] {
  const { category = [], code, subject, component = [], hasMember } = observation;
  const issues = new Issues();
  const isVital = category.filter(
    ({ coding }) => countOf(coding, SYSTEM.OBSERVATION_CATEGORY, 'vital-signs') > 0,
  );
  issues.unless(isVital.length === 1, 'category', 'is vital-signs once');
  if (sign.name !== 'vitalspanel') {
    issues.unless(
      countOf(code.coding, SYSTEM.LOINC, sign.loinc) === 1,
      'code',
      `is LOINC ${sign.loinc} once`,
    );
  }
  issues.unless(subject !== undefined, 'subject', 'is required');
  issues.unless(
    isKnownToTheDay(observation),
    'effective',
    'is a dateTime, at least to the day, or a Period',
  );
  const isWhole = component.length > 0 || hasMember !== undefined;
  issues.unless(
    isWhole || isAnswered(observation),
    'value',
    'or dataAbsentReason is required (vs-2)',
  );
  for (const [index, part] of component.entries()) {
    issues.unless(
      isAnswered(part),
      `component[${index}]`,
      'has a value or a dataAbsentReason (vs-3)',
    );
  }
  checkValue(observation, sign, issues);
  return issues.found;
}

class Issues {
  readonly found: OperationOutcomeIssue[] = [];

  unless(isRight: boolean, element: string, rule: string): void {
    if (isRight) return;
    const expression = [`Observation.${element}`];
    const text = `${element} ${rule}`;
    this.found.push({ severity: 'error', code: 'invariant', details: { text }, expression });
  }
}

function checkValue(observation: Observation, sign: VitalSign, issues: Issues): void {
  if (sign.name === 'vitalspanel') {
    issues.unless(!hasValue(observation), 'value', 'is that of the members');
    issues.unless((observation.hasMember ?? []).length > 0, 'hasMember', 'is required');
    return;
  }
  if (sign.name === 'bp') {
    checkPressures(observation, issues);
    return;
  }
  if (sign.name === 'bmi') issues.unless(hasValue(observation), 'value', 'is required');
  if (!hasValue(observation)) return;
  const rule = `is a quantity with its unit, in UCUM: ${sign.units.join(' or ')}`;
  issues.unless(isIn(sign.units, observation.valueQuantity), 'value', rule);
}

function checkPressures(observation: Observation, issues: Issues): void {
  const { component = [] } = observation;
  issues.unless(!hasValue(observation), 'value', 'is that of the components');
  for (const loinc of [PRESSURES.systolic, PRESSURES.diastolic]) {
    const parts = component.filter(({ code }) => countOf(code.coding, SYSTEM.LOINC, loinc) === 1);
    issues.unless(parts.length === 1, 'component', `has LOINC ${loinc} once`);
    for (const part of parts) {
      const isRight = !hasValue(part) || isIn([PRESSURES.unit], part.valueQuantity);
      issues.unless(
        isRight,
        `component[${component.indexOf(part)}].value`,
        'is a quantity in mm[Hg]',
      );
    }
  }
}

function countOf(codings: readonly Coding[] | undefined, system: string, code: string): number {
  return codings?.filter((one) => one.code === code && one.system === system).length ?? 0;
}

function isKnownToTheDay({ effectiveDateTime, effectivePeriod }: Observation): boolean {
  return (effectiveDateTime?.length ?? 0) >= 'YYYY-MM-DD'.length || effectivePeriod !== undefined;
}

function isAnswered(part: { readonly dataAbsentReason?: unknown }): boolean {
  return part.dataAbsentReason !== undefined || hasValue(part);
}

export function hasValue(part: object): boolean {
  return Object.keys(part).some((key) => /^value[A-Z]/.test(key));
}

function isIn(units: readonly string[], quantity: Quantity | undefined): boolean {
  if (quantity?.value === undefined || quantity.unit === undefined) return false;
  return quantity.system === SYSTEM.UCUM && units.includes(quantity.code ?? '');
}
