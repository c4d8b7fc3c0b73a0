/**
 * Where data may go (A11.6, A11.8): the licence that travels with them says under whose law they may
 * be kept and for what they may be used. Without a licence they stay where they are.
 */
import type { Purpose, Relation, Role } from './vocabulary.ts';

/** The receiver: the person asked about, or an organisation under whose law it will lie. */
export type Sink =
  | { readonly kind: 'subject' }
  | {
      readonly kind: 'organisation';
      readonly organisationId: string;
      /** ISO 3166-1 alpha-2, with a subdivision where its law differs: 'DE', 'US', 'CA-QC'. */
      readonly jurisdiction: string;
    };

export interface DataLicence {
  /** Countries, or 'EU' and 'EEA' for their members. */
  readonly mayLieIn: readonly string[];
  readonly purposes: readonly Purpose[];
  readonly untilMs: number;
}

const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(
  ' ',
);

/** Regulation (EU) 2016/679 holds in the EEA by decision 154/2018 of its joint committee. */
const REGIONS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['EU', new Set(['EU', ...EU])],
  ['EEA', new Set(['EEA', 'EU', ...EU, 'IS', 'LI', 'NO'])],
]);

export type SinkFault = 'SINK_UNKNOWN' | 'SINK_JURISDICTION' | 'SINK_LICENCE';

/** The part of a request that is about where it goes. */
export interface Leaving {
  readonly nowMs: number;
  readonly purpose: Purpose;
  readonly actor: { readonly role: Role; readonly relations: readonly Relation[] };
  readonly target: {
    readonly organisationId: string;
    readonly jurisdiction?: string;
    readonly licence?: DataLicence;
  };
  readonly sink?: Sink;
}

/** Undefined when it may go there. Whether another organisation may have it is a grant's to say. */
export function sinkFault(leaving: Leaving): SinkFault | undefined {
  const { sink, target, actor, purpose, nowMs } = leaving;
  if (sink === undefined) return 'SINK_UNKNOWN';
  if (sink.kind === 'subject') return isOwnCopy(actor) ? undefined : 'SINK_UNKNOWN';
  if (sink.kind !== 'organisation' || !isPlace(sink.jurisdiction)) return 'SINK_UNKNOWN';
  if (!isPlace(target.jurisdiction)) return 'SINK_JURISDICTION';
  const staysHome = sink.jurisdiction === target.jurisdiction;
  if (sink.organisationId === target.organisationId && staysHome) return undefined;
  const { licence } = target;
  if (licence === undefined || !Array.isArray(licence.mayLieIn)) return 'SINK_LICENCE';
  if (!licence.mayLieIn.some((place) => liesIn(sink.jurisdiction, place))) {
    return 'SINK_JURISDICTION';
  }
  if (!Array.isArray(licence.purposes) || !licence.purposes.includes(purpose)) {
    return 'SINK_LICENCE';
  }
  return nowMs < licence.untilMs ? undefined : 'SINK_LICENCE';
}

/** A copy for the person themselves knows no border (GDPR Art. 20); nobody else receives in their name. */
function isOwnCopy({ role, relations }: Leaving['actor']): boolean {
  if (role === 'patient') return relations.includes('self');
  return role === 'proxy' && relations.includes('proxy');
}

/** Upper case only: 'de' and 'DE' must not be two places. */
function isPlace(code: unknown): code is string {
  return typeof code === 'string' && /^[A-Z]{2,3}(-[A-Z0-9]{1,3})?$/.test(code);
}

function liesIn(jurisdiction: string, place: string): boolean {
  if (jurisdiction === place) return true;
  const country = jurisdiction.split('-', 1)[0] ?? jurisdiction;
  return country === place || REGIONS.get(place)?.has(country) === true;
}
