/** What a person has decided, in words, read from the very tree that decisions are taken by. */
import type { Provision, Span } from '@ausculta/policy/consent';
import { compileConsent } from '@ausculta/policy/fhir-consent';
import { ACTIONS, DATA_CLASSES, PURPOSES, ROLES } from '@ausculta/policy/vocabulary';
import { actionPlace, dataPlace, purposePlace, rolePlace } from '@ausculta/policy/word-bits';

export type ConsentState = 'in-force' | 'ended' | 'unreadable' | 'not-ours';

export interface ConsentRead {
  readonly state: ConsentState;
  readonly sentences: readonly string[];
}

interface Words {
  /** Whoever a reference names. */
  readonly nameOf: (reference: string) => string;
  readonly moment: (atMs: number) => string;
}

/** As the server reads it: dates without a zone are of its own. */
const OPTIONS = { utcOffsetMinutes: 0 };

export function readConsent(resource: unknown, words: Words): ConsentRead {
  const compiled = compileConsent(resource, OPTIONS);
  if (!compiled.ok && compiled.fault.code === 'NOT_ABOUT_SHARING') {
    return { state: 'not-ours', sentences: ['It is not about who sees the record.'] };
  }
  if (!compiled.ok) {
    const where = `It cannot be read here, at ${compiled.fault.at}.`;
    return {
      state: 'unreadable',
      sentences: [
        where,
        'Until somebody has looked at it, everything is kept back from everybody.',
      ],
    };
  }
  const { root } = compiled.consent;
  if (root === undefined) return { state: 'ended', sentences: whatItWas(resource, words) };
  return { state: 'in-force', sentences: [...new Set(sentencesOf(root, words))] };
}

/** Of a decision that decides nothing any more. */
function whatItWas(resource: unknown, words: Words): readonly string[] {
  const was = compileConsent({ ...Object(resource), status: 'active' }, OPTIONS);
  if (!was.ok || was.consent.root === undefined) return ['It decides nothing.'];
  return sentencesOf(was.consent.root, words);
}

function sentencesOf(provision: Provision, words: Words): string[] {
  const { effect, exceptions } = provision;
  const below = exceptions.flatMap((one) => sentencesOf(one, words));
  if (isBare(provision)) {
    if (effect === 'deny') {
      const but = below.length === 0 ? '.' : ', but for what follows.';
      return [`Everything is kept back from everybody${but}`, ...below];
    }
    return below.length === 0 ? ['Nothing is kept back.'] : below;
  }
  return [sentenceOf(provision, words), ...below];
}

const ALWAYS_THERE = ['path', 'effect', 'exceptions'];

/** Without a condition: it is about everybody and everything. */
function isBare(provision: Provision): boolean {
  return Object.keys(provision).every((key) => ALWAYS_THERE.includes(key));
}

function sentenceOf(provision: Provision, words: Words): string {
  const { effect } = provision;
  const who = whoWords(provision, words);
  const what = whatWords(provision);
  const said = effect === 'deny' ? `Kept back from ${who}: ${what}` : `Open to ${who}: ${what}`;
  return [said, ...limits(provision, words)].join(', ').concat('.');
}

function whoWords({ actors, custodians }: Provision, { nameOf }: Words): string {
  const roles = ROLES.filter((role) => isIn(actors?.roles, rolePlace(role)));
  const named = roles.map((role) => `every ${role.replaceAll('-', ' ')}`);
  const who = [...named, ...(actors?.references ?? []).map(nameOf)];
  const of = custodians === undefined ? '' : ` at ${custodians.map(nameOf).join(', ')}`;
  return (who.length === 0 ? 'everybody' : list(who)) + of;
}

function whatWords({ dataClasses, metrics, labels, actions }: Provision): string {
  const keys = Object.keys(DATA_CLASSES) as (keyof typeof DATA_CLASSES)[];
  const classes = keys.filter((key) => isIn(dataClasses, dataPlace(key)));
  const named = classes.map((key) => DATA_CLASSES[key].words);
  const what = dataClasses === undefined ? 'the whole record' : named.join('; ') || 'nothing';
  const acts = ACTIONS.filter((action) => isIn(actions, actionPlace(action)));
  return [
    metrics === undefined ? what : `${metrics.join(', ')} alone`,
    ...(labels === undefined
      ? []
      : [`labelled ${labels.map((one) => one.split('|')[1]).join(', ')}`]),
    ...(actions === undefined ? [] : [`to ${list(acts.map((act) => act.replaceAll('-', ' ')))}`]),
  ].join(', ');
}

function limits({ purposes, period, dataPeriod, hours }: Provision, words: Words): string[] {
  const keys = Object.keys(PURPOSES) as (keyof typeof PURPOSES)[];
  const named = keys.filter((key) => isIn(purposes, purposePlace(key)));
  return [
    ...(purposes === undefined ? [] : [`for ${list(named.map((key) => PURPOSES[key].words))}`]),
    ...(period === undefined ? [] : [spanWords(period, words)]),
    ...(dataPeriod === undefined ? [] : [`of what was measured ${spanWords(dataPeriod, words)}`]),
    ...(hours === undefined ? [] : ['at hours of the day, for which it is kept back all day']),
  ];
}

function spanWords({ fromMs, untilMs }: Span, { moment }: Words): string {
  return [
    ...(Number.isFinite(fromMs) ? [`from ${moment(fromMs)}`] : []),
    ...(Number.isFinite(untilMs) ? [`until ${moment(untilMs)}`] : []),
  ].join(' ');
}

const isIn = (bits: number | undefined, place: number | undefined): boolean =>
  bits !== undefined && place !== undefined && (bits & (1 << place)) !== 0;

function list(words: readonly string[]): string {
  const last = words.at(-1) ?? 'nobody';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
