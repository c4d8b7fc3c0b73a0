/**
 * FHIR R4 Consent → the compact tree that decisions ask. What is not understood is refused with its
 * place, never guessed: the caller then keeps `unreadableConsent` until a person has looked.
 *
 * The base rule is `policyRule` (v3-ActCode OPTIN and OPTINR permit, OPTOUT and OPTOUTE deny). R4 allows
 * no `type` on the root provision, and most systems write one: it is then the base itself, or, beside a
 * policyRule, the first exception to it.
 */
import type { CompiledConsent, Effect, Provision, Span } from './consent.ts';
import { type ConsentOptions, readConditions } from './consent-conditions.ts';
import { type Json, listOf, objectOf, textOf, Unreadable } from './consent-json.ts';
import { bitsOf, purposePlace } from './word-bits.ts';

export type ConsentResult =
  | { readonly ok: true; readonly consent: CompiledConsent }
  | { readonly ok: false; readonly fault: ConsentFault };

export interface ConsentFault {
  /** NOT_ABOUT_SHARING: a treatment order or an advance directive, which is not ours to apply. */
  readonly code: 'CONSENT_UNREADABLE' | 'NOT_ABOUT_SHARING';
  /** Where in the resource, in element names and indices only: values may name a person. */
  readonly at: string;
}

/** Deeper than any form that a person can fill in and understand. */
const DEPTH_MAX = 8;
const PROVISIONS_MAX = 256;

const STATUSES = ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'];
const SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const BASE: ReadonlyMap<string, Effect> = new Map([
  ['OPTIN', 'permit'],
  ['OPTINR', 'permit'],
  ['OPTOUT', 'deny'],
  ['OPTOUTE', 'deny'],
]);

export function compileConsent(resource: unknown, options: ConsentOptions): ConsentResult {
  try {
    return { ok: true, consent: compile(objectOf(resource, 'Consent'), options) };
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    return { ok: false, fault: { code: cause.code, at: cause.at } };
  }
}

function compile(resource: Json, options: ConsentOptions): CompiledConsent {
  if (resource['resourceType'] !== 'Consent') throw new Unreadable('Consent.resourceType');
  if (resource['modifierExtension'] !== undefined)
    throw new Unreadable('Consent.modifierExtension');
  if (resource['implicitRules'] !== undefined) throw new Unreadable('Consent.implicitRules');
  const id = textOf(resource['id'], 'Consent.id');
  const subjectId = patientOf(resource);
  const status = textOf(resource['status'], 'Consent.status');
  if (!STATUSES.includes(status)) throw new Unreadable('Consent.status');
  const isResearch = isOfResearch(resource);
  if (status !== 'active') {
    return { id, subjectId, root: undefined, edgesMs: [], edgesMinuteOfDay: [] };
  }
  const stated = rootOf(resource, options);
  const root = isResearch ? boundToResearch(stated) : stated;
  const all = flat(root);
  return {
    id,
    subjectId,
    root,
    edgesMs: inOrder(
      all.flatMap(({ period, dataPeriod }) => [...ends(period), ...ends(dataPeriod)]),
    ),
    edgesMinuteOfDay: inOrder(
      all.flatMap(({ hours }) =>
        hours === undefined ? [] : [hours.fromMinute, hours.untilMinute],
      ),
    ),
  };
}

function patientOf(resource: Json): string {
  const at = 'Consent.patient';
  const reference = textOf(objectOf(resource['patient'], at)['reference'], `${at}.reference`);
  const [, id] = /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference) ?? [];
  if (id === undefined) throw new Unreadable(`${at}.reference`);
  return id;
}

/** Whether it is about research alone. */
function isOfResearch(resource: Json): boolean {
  const codes = codings(objectOf(resource['scope'], 'Consent.scope'), 'Consent.scope');
  const ours = codes.filter(({ system }) => system === SCOPE).map(({ code }) => code);
  if (ours.includes('patient-privacy')) return false;
  if (ours.includes('research')) return true;
  const isOther = ours.includes('treatment') || ours.includes('adr');
  throw new Unreadable('Consent.scope', isOther ? 'NOT_ABOUT_SHARING' : 'CONSENT_UNREADABLE');
}

function boundToResearch(root: Provision): Provision {
  const research = bitsOf(['HRESCH'], purposePlace);
  return { ...root, purposes: (root.purposes ?? research) & research };
}

function rootOf(resource: Json, options: ConsentOptions): Provision {
  const base = baseOf(resource);
  const provision = resource['provision'];
  if (provision === undefined) {
    if (base === undefined) throw new Unreadable('Consent.policyRule');
    return { path: 'base', effect: base, exceptions: [] };
  }
  const reader = { options, count: 0 };
  const root = objectOf(provision, 'Consent.provision');
  if (root['type'] === undefined && base === undefined) throw new Unreadable('Consent.policyRule');
  const own = provisionOf(root, { at: 'Consent.provision', path: '0', depth: 1, base }, reader);
  const isException = base !== undefined && root['type'] !== undefined;
  return isException ? { path: 'base', effect: base, exceptions: [own] } : own;
}

/** Other codes beside ours name the law behind the consent, and decide nothing. */
function baseOf(resource: Json): Effect | undefined {
  if (resource['policyRule'] === undefined) return undefined;
  const at = 'Consent.policyRule';
  const effects = codings(objectOf(resource['policyRule'], at), at)
    .filter(({ system }) => system === ACT_CODE)
    .flatMap(({ code }) => BASE.get(code ?? '') ?? []);
  if (new Set(effects).size > 1) throw new Unreadable(at);
  return effects[0];
}

interface PlaceInTree {
  readonly at: string;
  readonly path: string;
  readonly depth: number;
  /** For the root alone, whose type may be missing. */
  readonly base: Effect | undefined;
}

function provisionOf(
  provision: Json,
  { at, path, depth, base }: PlaceInTree,
  reader: { readonly options: ConsentOptions; count: number },
): Provision {
  reader.count += 1;
  if (depth > DEPTH_MAX || reader.count > PROVISIONS_MAX) throw new Unreadable(at);
  const effect = provision['type'] ?? base;
  if (effect !== 'permit' && effect !== 'deny') throw new Unreadable(`${at}.type`);
  const exceptions = listOf(provision['provision'], `${at}.provision`).map((child, index) => {
    const below = `${at}.provision[${index}]`;
    const place = { at: below, path: `${path}.${index}`, depth: depth + 1, base: undefined };
    return provisionOf(objectOf(child, below), place, reader);
  });
  return { path, effect, ...readConditions(provision, at, reader.options), exceptions };
}

function codings(concept: Json, at: string): { system: unknown; code: string | undefined }[] {
  return listOf(concept['coding'], `${at}.coding`).map((coding) => {
    const { system, code } = objectOf(coding, `${at}.coding`);
    return { system, code: typeof code === 'string' ? code : undefined };
  });
}

function flat(provision: Provision): Provision[] {
  return [provision, ...provision.exceptions.flatMap(flat)];
}

function ends(span: Span | undefined): number[] {
  return span === undefined ? [] : [span.fromMs, span.untilMs].filter(Number.isFinite);
}

function inOrder(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
