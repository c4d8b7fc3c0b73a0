/** The words of OAuth that an app may say: which it may have, and which of them a person is asked about. */
import { bitsOf, isCoveredBy, parseScopes, type SmartScope } from '@ausculta/policy/smart-scope';
import { SCOPE_PARAMETERS } from '../access/smart-limits.ts';

/** RFC 8628. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Those that are not about FHIR. */
export const OWN_WORDS: readonly string[] = [
  ...['openid', 'fhirUser', 'profile', 'launch', 'launch/patient', 'launch/encounter'],
  ...['offline_access', 'online_access'],
];

/** What a person may leave out; the rest says how the app was opened. */
export const isAskedAbout = (word: string): boolean =>
  word === 'offline_access' || IDENTITY.includes(word) || scopeOfApp(word) !== undefined;

const IDENTITY: readonly string[] = ['openid', 'fhirUser', 'profile'];

/** Undefined for what no app is given: what is a program's own, and what rows are not judged by. */
export function scopeOfApp(word: string): SmartScope | undefined {
  const [scope, ...others] = parseScopes(word);
  if (scope === undefined || others.length > 0 || scope.compartment === 'system') return undefined;
  const isJudged = scope.parameters.every(({ name }) => SCOPE_PARAMETERS.includes(name));
  return isJudged ? scope : undefined;
}

export const isWordOfApp = (word: string): boolean =>
  OWN_WORDS.includes(word) || scopeOfApp(word) !== undefined;

/**
 * What is done with it is not seen by its person: in their name while they are gone, or to what is written. So it
 * is not given by whoever finds their screen unlocked.
 */
export function asksForProof(words: readonly string[]): boolean {
  const writes = bitsOf('cud');
  return words.some(
    (word) => word === 'offline_access' || ((scopeOfApp(word)?.letters ?? 0) & writes) !== 0,
  );
}

/** Of what it asks for, what it was given. */
export function wordsAllowed(asked: string, given: string): string[] {
  const own = given.split(' ');
  const scopes = own.flatMap((word) => scopeOfApp(word) ?? []);
  return [...new Set(asked.split(' '))].filter((word) => {
    if (OWN_WORDS.includes(word)) return own.includes(word);
    const scope = scopeOfApp(word);
    return scope !== undefined && scopes.some((one) => isCoveredBy(scope, one));
  });
}

/** Whether the app has to know of whom it is about. */
export function needsPatient(words: readonly string[]): boolean {
  return words.some(
    (word) => word === 'launch/patient' || scopeOfApp(word)?.compartment === 'patient',
  );
}
