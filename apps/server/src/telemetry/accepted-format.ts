/** Which form of readings an Accept header asks for (RFC 9110, 12.5.1). */
import { READING_SECTIONS_TYPE } from '@ausculta/contract/reading-sections';
import type { ReadingFormat } from './reading-answer.ts';

const FORMAT_OF = new Map<string, ReadingFormat>([
  ['application/x-ndjson', 'ndjson'],
  ['application/*', 'ndjson'],
  ['*/*', 'ndjson'],
  ['text/csv', 'csv'],
  ['text/*', 'csv'],
  [READING_SECTIONS_TYPE, 'blocks'],
]);

/** The one with the greatest weight, of equals the first; JSON lines when nothing that we have is named. */
export function acceptedFormat(accept: string | undefined): ReadingFormat {
  let best: { format: ReadingFormat; weight: number } = { format: 'ndjson', weight: 0 };
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = FORMAT_OF.get(type);
    const given = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = given === undefined ? 1 : Number(given.slice(2));
    if (format !== undefined && weight > best.weight) best = { format, weight };
  }
  return best.format;
}
