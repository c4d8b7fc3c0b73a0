/** Parts of resources, as `_elements` and `_summary` ask for them; marked, so that nobody takes them for the whole. */
import type { Definitions } from '@ausculta/fhir/definitions';
import { parsePrecise, writePrecise } from '@ausculta/fhir/precise-json';
import type { SearchQuery } from '@ausculta/fhir/search-query';

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

/** Always told: without them it would be no resource, or mean something else. */
const ALWAYS = ['resourceType', 'id', 'meta', 'modifierExtension', 'implicitRules'];

export function subsetText(
  text: string,
  { elements, summary }: Pick<SearchQuery, 'elements' | 'summary'>,
  { summaryOf }: Pick<Definitions, 'summaryOf'>,
): string {
  if (elements.length === 0 && (summary === 'false' || summary === 'count')) return text;
  const { value, hasPrecise } = parsePrecise(text);
  const resource = value as Record<string, unknown>;
  const tops = summaryOf(String(resource['resourceType']));
  const isIn = (name: string, names: Iterable<string>): boolean =>
    [...names].some((one) => name === one || isChoice(name, one));
  const isAsked = (name: string): boolean => {
    if (elements.length > 0) return isIn(name, elements);
    if (summary === 'true') return isIn(name, tops.summary);
    return summary === 'text' ? name === 'text' : name !== 'text';
  };
  const kept = Object.entries(resource).filter(([key]) => {
    const name = key.replace(/^_/, '');
    return ALWAYS.includes(name) || isIn(name, tops.mandatory) || isAsked(name);
  });
  const { tag = [], ...meta } = (resource['meta'] ?? {}) as { tag?: object[] };
  const marked = { ...meta, tag: [...tag, SUBSETTED] };
  return writePrecise({ ...Object.fromEntries(kept), meta: marked }, hasPrecise);
}

/** `value` stands for valueQuantity, valueString and the others. */
function isChoice(name: string, element: string): boolean {
  return name.startsWith(element) && /^[A-Z]/.test(name.slice(element.length));
}
