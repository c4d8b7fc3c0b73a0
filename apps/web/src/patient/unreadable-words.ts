import type { UnreadablePart } from '@ausculta/contract/readings';
import { metricByKey } from '@ausculta/vitals/lookup';
import { spanWords } from './time-words.ts';

const NAMED_MAX = 3;

/** What is stored and cannot be read, where and of what: a gap in a chart must not look like silence. */
export function unreadableWords(parts: readonly UnreadablePart[]): string {
  const named = parts.slice(0, NAMED_MAX).map((part) => {
    const label = metricByKey(part.metric)?.label ?? part.metric;
    return `${label} of ${part.device}, ${spanWords(part)}`;
  });
  const more = parts.length - named.length;
  const rest = more > 0 ? [`${more} more`] : [];
  return [...named, ...rest].join('; ');
}
