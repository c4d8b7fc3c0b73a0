/** Parts of resources, as `_elements` and `_summary` ask for them; marked, so that nobody takes them for the whole. */
import { parsePrecise, writePrecise } from '@ausculta/fhir/precise-json';
import type { SearchQuery } from '@ausculta/fhir/search-query';

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

/** Always told: without them it would be no resource, or mean something else. */
const ALWAYS = ['resourceType', 'id', 'meta', 'status', 'modifierExtension', 'implicitRules'];

export function subsetText(
  text: string,
  { elements, summary }: Pick<SearchQuery, 'elements' | 'summary'>,
): string {
  if (elements.length === 0 && summary !== 'text' && summary !== 'data') return text;
  const { value, hasPrecise } = parsePrecise(text);
  const resource = value as Record<string, unknown>;
  const wanted = (key: string): boolean => {
    const name = key.replace(/^_/, '');
    if (ALWAYS.includes(name)) return true;
    if (elements.length > 0) return elements.some((one) => name === one || isChoice(name, one));
    return summary === 'text' ? name === 'text' : name !== 'text';
  };
  const kept = Object.fromEntries(Object.entries(resource).filter(([key]) => wanted(key)));
  const { tag = [], ...meta } = (resource['meta'] ?? {}) as { tag?: object[] };
  return writePrecise({ ...kept, meta: { ...meta, tag: [...tag, SUBSETTED] } }, hasPrecise);
}

/** `value` stands for valueQuantity, valueString and the others. */
function isChoice(name: string, element: string): boolean {
  return name.startsWith(element) && /^[A-Z]/.test(name.slice(element.length));
}
