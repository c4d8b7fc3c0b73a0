/**
 * How and where a visit was held, as claims say it: the place of service of CMS (POS code set, 2024), and
 * the modifier for telehealth (CPT appendix A: 93 by sound alone, 95 with picture; HCPCS: GQ not at once).
 * A place that its Location names by such a code is taken; else it follows where one alone is possible.
 */
import type { Coding, Encounter, Location } from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import { type Lack, lack, type Part, type Visit } from './visit.ts';

export interface Place {
  /** Of the place of service. */
  readonly code: string;
  /** The id of the Location that says so. */
  readonly location: string | undefined;
  /** The class of the Encounter. */
  readonly kind: Coding;
  /** Of a visit from afar: by which means. */
  readonly mode: Coding | undefined;
  readonly modifiers: readonly Coding[];
}

/** Telehealth at home, and a visit there. */
export const RESIDENCE_PLACES: readonly string[] = ['10', '12'];
const TELEHEALTH_PLACES: readonly string[] = ['02', '10'];

/** By the class of the Encounter and the type of its Location (v3 RoleCode), where only one place fits. */
const PLACES: readonly {
  readonly classes: readonly string[];
  readonly types: readonly string[];
  readonly code: string;
}[] = [
  { classes: ['VR'], types: ['PTRES'], code: '10' },
  { classes: ['HH', 'AMB'], types: ['PTRES'], code: '12' },
  { classes: ['AMB'], types: ['PROFF'], code: '11' },
  { classes: ['IMP', 'ACUTE'], types: ['HOSP', 'GACH'], code: '21' },
  { classes: ['EMER'], types: ['ER', 'ETU', 'HOSP', 'GACH'], code: '23' },
];

/** By v3 ParticipationMode: what is added where no modifier says the same already. */
const MEANS: ReadonlyMap<string, { readonly modifier: Coding; readonly same: readonly string[] }> =
  new Map([
    ['VIDEOCONF', { modifier: { system: SYSTEM.CPT, code: '95' }, same: ['95', 'GT'] }],
    ['PHONE', { modifier: { system: SYSTEM.CPT, code: '93' }, same: ['93', 'FQ'] }],
    ['ONLINEWRIT', { modifier: { system: SYSTEM.HCPCS, code: 'GQ' }, same: ['GQ'] }],
    ['EMAILWRIT', { modifier: { system: SYSTEM.HCPCS, code: 'GQ' }, same: ['GQ'] }],
  ]);

const TELEHEALTH_MODIFIERS: readonly string[] = [...MEANS.values()].flatMap(({ same }) => same);

export function placeOf(visit: Visit): Part<Place> {
  const { encounter } = visit;
  const kind = encounter.class;
  if (kind?.system !== SYSTEM.ACT_CODE || kind.code === undefined) return NO_CLASS;
  const where = whereOf(visit, kind.code);
  const how = howOf(encounter);
  if (!where.ok || !how.ok)
    return { ok: false, lacks: [where, how].flatMap((one) => (one.ok ? [] : one.lacks)) };
  const { system, code } = kind;
  return { ok: true, value: { ...where.value, ...how.value, kind: { system, code } } };
}

const NO_CLASS = lack(
  'required',
  'Encounter.class',
  'class says by v3 ActCode what kind of visit it was: VR, AMB, HH, IMP, ACUTE, EMER or FLD.',
);

type Where = Pick<Place, 'code' | 'location'>;

/** Of a visit from afar it is where the patient was. */
function whereOf({ encounter, find }: Visit, kind: string): Part<Where> {
  const at = 'Encounter.location';
  const given = (encounter.location ?? []).filter(
    ({ status }) => status !== 'planned' && status !== 'reserved',
  );
  const locations = given.map(({ location }) => find(['Location'], location));
  const lacks: Lack[] = [];
  const places = new Map<string, string | undefined>();
  for (const location of locations) {
    const place = location === undefined ? MISSING : placeAt(location, kind);
    if (place.ok) places.set(place.value.code, place.value.location);
    else lacks.push(...place.lacks);
  }
  if (lacks.length > 0) return { ok: false, lacks };
  const [only] = places;
  if (only === undefined) return lack('required', at, 'It is not said where the visit was held.');
  if (places.size > 1)
    return lack('business-rule', at, 'The visit was held in places of several kinds.');
  const [code, location] = only;
  return { ok: true, value: { code, location } };
}

const MISSING = lack('not-found', 'Encounter.location', 'A Location is not here.');

function placeAt(location: Location & { readonly id?: string }, kind: string): Part<Where> {
  const codings = (location.type ?? []).flatMap(({ coding = [] }) => coding);
  const said = codings.find(({ system }) => system === SYSTEM.PLACE_OF_SERVICE)?.code;
  const code = said ?? derived(codings, kind);
  const at = 'Location.type';
  if (code === undefined)
    return lack('required', at, 'The place of service does not follow: name it by its CMS code.');
  if (!/^\d\d$/.test(code)) return lack('value', at, 'A place of service has two digits.');
  // A visit from afar that is claimed as one in person, or the other way round, is a false claim.
  if (TELEHEALTH_PLACES.includes(code) !== (kind === 'VR'))
    return lack('business-rule', at, 'The place of service and the class of the visit disagree.');
  return { ok: true, value: { code, location: location.id } };
}

function derived(codings: readonly Coding[], kind: string): string | undefined {
  const types = codings.flatMap(({ system, code }) =>
    system === SYSTEM.ROLE_CODE && code !== undefined ? [code] : [],
  );
  const found = PLACES.find(
    (place) => place.classes.includes(kind) && types.some((type) => place.types.includes(type)),
  );
  // Anywhere that is known and not the patient's home.
  return found?.code ?? (kind === 'VR' && types.length > 0 ? '02' : undefined);
}

/** In person there is no such modifier; from afar one means is said, and no modifier says another. */
function howOf({ class: kind, type = [] }: Encounter): Part<Pick<Place, 'mode' | 'modifiers'>> {
  const codings = type.flatMap(({ coding = [] }) => coding);
  const said = codings.flatMap(({ system, code }) =>
    (system === SYSTEM.CPT || system === SYSTEM.HCPCS) && isOfTelehealth(code) ? [code] : [],
  );
  const modes = codings.filter(({ system }) => system === SYSTEM.PARTICIPATION_MODE);
  const isVirtual = kind.code === 'VR';
  const means = isVirtual ? MEANS.get(modes[0]?.code ?? '') : undefined;
  if (isVirtual && (means === undefined || modes.length > 1)) return NO_MEANS;
  if (said.some((code) => means?.same.includes(code) !== true)) return OTHER_MEANS;
  if (means === undefined) return { ok: true, value: { mode: undefined, modifiers: [] } };
  const { code = '' } = modes[0] ?? {};
  const mode = { system: SYSTEM.PARTICIPATION_MODE, code };
  return { ok: true, value: { mode, modifiers: said.length > 0 ? [] : [means.modifier] } };
}

const NO_MEANS = lack(
  'required',
  'Encounter.type',
  'One type says by v3 ParticipationMode how a virtual visit was held: VIDEOCONF, PHONE, ONLINEWRIT or EMAILWRIT.',
);

const OTHER_MEANS = lack(
  'business-rule',
  'Encounter.type',
  'A modifier contradicts how the visit was held.',
);

const isOfTelehealth = (code: string | undefined): code is string =>
  code !== undefined && TELEHEALTH_MODIFIERS.includes(code);
