import { LETTERS, parseScopes, type SmartScope } from '@ausculta/policy/smart-scope';

/** What a person reads in the place of a scope. */
export interface Ask {
  readonly words: readonly string[];
  readonly title: string;
  readonly detail: string;
}

const IDENTITY = ['openid', 'fhirUser', 'profile'];

const TYPES: Readonly<Record<string, string>> = {
  '*': 'everything in the record',
  AllergyIntolerance: 'allergies',
  Appointment: 'appointments',
  CarePlan: 'plans of care',
  Condition: 'diagnoses',
  Consent: 'consents',
  Device: 'devices',
  DiagnosticReport: 'reports of tests',
  DocumentReference: 'documents',
  Encounter: 'visits and stays',
  Flag: 'alarms',
  Immunization: 'vaccinations',
  MedicationAdministration: 'medication given',
  MedicationRequest: 'prescriptions',
  MedicationStatement: 'medication taken',
  Observation: 'measurements and results',
  Patient: 'name, birth date, address',
  Practitioner: 'people who treat',
  Procedure: 'procedures',
  QuestionnaireResponse: 'answers to questionnaires',
};

const CATEGORIES: Readonly<Record<string, string>> = {
  activity: 'steps, exercise and sleep',
  exam: 'findings of examinations',
  laboratory: 'laboratory results',
  'social-history': 'smoking and other habits',
  'vital-signs': 'vital signs',
};

/** In the order in which the app has asked; what says only how it was opened is not asked about. */
export function asksOf(words: readonly string[]): readonly Ask[] {
  const asks: Ask[] = [];
  const identity = words.filter((word) => IDENTITY.includes(word));
  if (identity.length > 0)
    asks.push({ words: identity, title: 'Know who you are', detail: 'Your name and account' });
  for (const word of words) {
    const [scope] = parseScopes(word);
    if (scope !== undefined) asks.push({ words: [word], ...scopeWords(scope) });
  }
  if (words.includes('offline_access'))
    asks.push({
      words: ['offline_access'],
      title: 'Go on when you have signed out',
      detail: 'For up to a year, until you take it back under My account',
    });
  return asks;
}

/** "See vital signs", "See and add diagnoses". */
export function scopeWords(scope: SmartScope): Pick<Ask, 'title' | 'detail'> {
  const title = `${capital(listed(verbsOf(scope.letters)))} ${whatOf(scope)}`;
  const detail =
    scope.compartment === 'patient' ? 'Of this patient' : 'Of everybody whom you may see';
  return { title, detail };
}

function verbsOf(letters: number): string[] {
  const has = (bits: number) => (letters & bits) !== 0;
  return [
    ...(has(LETTERS.r | LETTERS.s) ? ['see'] : []),
    ...(has(LETTERS.c) ? ['add'] : []),
    ...(has(LETTERS.u) ? ['change'] : []),
    ...(has(LETTERS.d) ? ['delete'] : []),
  ];
}

function whatOf({ resourceType, parameters }: SmartScope): string {
  const kinds = parameters.flatMap(({ values }) => values.map(categoryWords));
  if (kinds.length > 0) return listed(kinds);
  return TYPES[resourceType] ?? `“${resourceType}”`;
}

const categoryWords = (value: string): string => {
  const code = value.split('|').at(-1) ?? value;
  return CATEGORIES[code] ?? `“${code}”`;
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
