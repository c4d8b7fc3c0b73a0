/**
 * SMART App Launch 2 scopes: `patient|user|system / Resource|* . cruds ?param=value`. What a token says
 * is cut with what the caller may do anyway; it can only narrow (https://hl7.org/fhir/smart-app-launch,
 * "Scopes and launch context").
 */
import type { Action, DataClass } from './vocabulary.ts';

export interface SmartAccess {
  readonly scopes: readonly SmartScope[];
  /** The person of the launch; without one no `patient/` scope opens anything. */
  readonly patientId?: string;
  /** What is asked for, as FHIR sees it; else what stands for its data class. */
  readonly resource?: SmartResource;
}

export interface SmartScope {
  readonly compartment: 'patient' | 'user' | 'system';
  readonly resourceType: string;
  /** Bits of `LETTERS`. */
  readonly letters: number;
  readonly parameters: readonly { readonly name: string; readonly values: readonly string[] }[];
}

export interface SmartResource {
  readonly type: string;
  /** By search parameter, the tokens of the resource: "system|code". */
  readonly tokens: Readonly<Record<string, readonly string[]>>;
}

/** An access token is a few hundred bytes; what is longer was not made by us. */
const TEXT_MAX = 8192;

const GRAMMAR =
  /^(patient|user|system)\/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)(?:\?(.*))?$/;
export const LETTERS = { c: 1, r: 2, u: 4, d: 8, s: 16 } as const;
export type Letter = keyof typeof LETTERS;

/** The words of SMART App Launch 1, as version 2 has them. */
const OF_VERSION_1: Readonly<Record<string, string>> = {
  read: 'rs',
  write: 'cud',
  '*': 'cruds',
};

export const bitsOf = (letters: string): number =>
  [...letters].reduce((bits, one) => bits | LETTERS[one as Letter], 0);

/** Scopes that are about something else (openid, launch/patient) or ill-formed give nothing. */
export function parseScopes(text: string): readonly SmartScope[] {
  if (typeof text !== 'string' || text.length > TEXT_MAX) return [];
  return text.split(' ').flatMap((word) => parseScope(word) ?? []);
}

function parseScope(word: string): SmartScope | undefined {
  const [, compartment, resourceType, letters, query] = GRAMMAR.exec(word) ?? [];
  if (compartment === undefined || resourceType === undefined || !letters) return undefined;
  const parameters = query === undefined ? [] : parseParameters(query);
  // Version 1 has no parameters: what mixes both is nobody's.
  const known = Object.hasOwn(OF_VERSION_1, letters) ? OF_VERSION_1[letters] : undefined;
  if (parameters === undefined || (known !== undefined && query !== undefined)) return undefined;
  return {
    compartment: compartment as SmartScope['compartment'],
    resourceType,
    letters: bitsOf(known ?? letters),
    parameters,
  };
}

/** A scope that ends in '?' or carries what cannot be decoded is ill-formed, not wide. */
function parseParameters(query: string): SmartScope['parameters'] | undefined {
  const parameters: { name: string; values: string[] }[] = [];
  for (const pair of query.split('&')) {
    const [, name, value] = /^([a-z_-]+)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const values = value.split(',').map(decoded);
    if (values.some((one) => one === undefined || one === '')) return undefined;
    parameters.push({ name, values: values as string[] });
  }
  return parameters;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

const LOOKING = LETTERS.r | LETTERS.s;

/** No letter lets an app command a device or administer: such an action is refused to every token. */
const NEEDED: Readonly<Record<Action, number>> = {
  read: LETTERS.r,
  search: LETTERS.s,
  stream: LOOKING,
  create: LETTERS.c,
  change: LETTERS.u,
  delete: LETTERS.d,
  acknowledge: LETTERS.u,
  'pause-audio': LETTERS.u,
  command: 0,
  export: LOOKING,
  disclose: LOOKING,
  score: LOOKING,
  administer: 0,
};

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category|';

function observation(category: string): SmartResource {
  return { type: 'Observation', tokens: { category: [`${CATEGORY}${category}`] } };
}

function plain(type: string): SmartResource {
  return { type, tokens: {} };
}

/** What stands for a class where the route is not FHIR itself; the rest no app reaches. */
const RESOURCES: Partial<Record<DataClass, SmartResource>> = {
  identity: plain('Patient'),
  placement: plain('Encounter'),
  vitals: observation('vital-signs'),
  waveforms: observation('procedure'),
  'alarm-presence': plain('Flag'),
  alarms: plain('Flag'),
  events: observation('activity'),
  medication: plain('MedicationStatement'),
  laboratory: observation('laboratory'),
  documents: plain('DocumentReference'),
  protocols: plain('CarePlan'),
  consents: plain('Consent'),
  disclosures: plain('AuditEvent'),
  devices: plain('Device'),
  policy: plain('Subscription'),
};

export interface ScopedAct {
  readonly action: Action;
  readonly dataClass: DataClass;
  readonly subjectId: string | undefined;
}

/** Whether the scopes, taken together, allow all letters that the action needs. */
export function scopesAllow(smart: SmartAccess, act: ScopedAct): boolean {
  const needed = NEEDED[act.action];
  const resource = smart.resource ?? RESOURCES[act.dataClass];
  if (needed === 0 || resource === undefined) return false;
  return (lettersFor(smart, resource, act.subjectId) & needed) === needed;
}

/** The bits of all letters that the scopes, taken together, allow on one resource of this subject. */
export function lettersFor(
  { scopes, patientId }: Pick<SmartAccess, 'scopes' | 'patientId'>,
  resource: SmartResource,
  subjectId: string | undefined,
): number {
  let allowed = 0;
  for (const scope of scopes) {
    const isInCompartment =
      scope.compartment !== 'patient' || (patientId !== undefined && patientId === subjectId);
    if (isInCompartment && isAbout(scope, resource)) allowed |= scope.letters;
  }
  return allowed;
}

/** Whether whoever may ask for the one may ask for the other: of the same compartment, and no more. */
export function isCoveredBy(asked: SmartScope, given: SmartScope): boolean {
  if (asked.compartment !== given.compartment) return false;
  if (given.resourceType !== '*' && given.resourceType !== asked.resourceType) return false;
  if ((asked.letters & ~given.letters) !== 0) return false;
  return given.parameters.every(({ name, values }) => {
    const own = asked.parameters.find((one) => one.name === name);
    return own?.values.every((value) => values.includes(value)) ?? false;
  });
}

function isAbout({ resourceType, parameters }: SmartScope, resource: SmartResource): boolean {
  if (resourceType !== '*' && resourceType !== resource.type) return false;
  return parameters.every(({ name, values }) => {
    const tokens = Object.hasOwn(resource.tokens, name) ? (resource.tokens[name] ?? []) : [];
    return values.some((value) => tokens.some((token) => isToken(token, value)));
  });
}

/** FHIR search by token: "code" of any system, "system|" with any code, or both. */
function isToken(token: string, value: string): boolean {
  if (!value.includes('|')) return token === value || token.endsWith(`|${value}`);
  return value.endsWith('|') ? token.startsWith(value) : token === value;
}
