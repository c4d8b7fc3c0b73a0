import { findMetric, type NamedMetric } from '@ausculta/vitals/lookup';
import { components, type Hl7Delimiters, plain } from './hl7-message.ts';
import { metricOfTerm, ucumOfMdcUnit } from './mdc-terms.ts';

/** A coded value (CE, CWE): what it is called in one system, and perhaps in a second one. */
export interface Hl7Code {
  readonly code: string;
  readonly text: string;
  readonly system: string;
  readonly alternate?: Omit<Hl7Code, 'alternate'>;
}

export function readCode(raw: string, delimiters: Hl7Delimiters): Hl7Code {
  const parts = components(raw, delimiters).map((part) => plain(part, delimiters).trim());
  const [code = '', text = '', system = '', otherCode = '', otherText = '', otherSystem = ''] =
    parts;
  const first = { code, text, system };
  if (otherCode === '' && otherText === '') return first;
  return { ...first, alternate: { code: otherCode, text: otherText, system: otherSystem } };
}

/** The metric that an OBX-3 names, in whichever of its two systems we know it. */
export function metricOfCode(code: Hl7Code): NamedMetric | undefined {
  return (
    metricOfTriplet(code) ??
    (code.alternate === undefined ? undefined : metricOfTriplet(code.alternate))
  );
}

/** Below it are codes without their partition, which mean one thing in each. */
const PARTITION = 65_536;

function metricOfTriplet({ code, text, system }: Hl7Code): NamedMetric | undefined {
  if (system === 'LN' || (system === '' && /^\d{1,7}-\d$/.test(code))) return findMetric(code);
  const isMdc = system === 'MDC' || text.startsWith('MDC_') || code.startsWith('MDC_');
  if (!isMdc && system !== '') return undefined;
  const refId = [text, code].find((name) => name.startsWith('MDC_'));
  const number = /^\d{5,10}$/.test(code) ? Number(code) : undefined;
  const known = number !== undefined && number >= PARTITION ? number : undefined;
  return metricOfTerm({ refId, code: known });
}

/** UCUM where the unit says so in either of its systems, else what it says. */
export function unitOfCode(unit: Hl7Code): string | undefined {
  for (const each of [unit, unit.alternate]) {
    if (each === undefined) continue;
    const ucum = ucumOfMdcUnit(each.text) ?? ucumOfMdcUnit(each.code);
    if (ucum !== undefined) return ucum;
  }
  if (unit.alternate?.system === 'UCUM') return unit.alternate.code || undefined;
  return unit.code || undefined;
}

/** Sub-ids and terms repeat from message to message; beyond this many the memory starts anew. */
const REMEMBERED_MAX = 4_096;

/** Remembers what a raw field meant: monitors send the same few hundred again and again. */
export function remembering<Meaning>(read: (raw: string) => Meaning): (raw: string) => Meaning {
  const meanings = new Map<string, Meaning>();
  return (raw) => {
    const known = meanings.get(raw);
    if (known !== undefined || meanings.has(raw)) return known as Meaning;
    if (meanings.size >= REMEMBERED_MAX) meanings.clear();
    const meaning = read(raw);
    // A hostile field may be megabytes long, and would be kept.
    if (raw.length <= 256) meanings.set(raw, meaning);
    return meaning;
  };
}
