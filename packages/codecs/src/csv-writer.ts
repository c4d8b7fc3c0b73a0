/**
 * Comma-separated values as RFC 4180 writes them: lines end in CRLF, and what holds a comma, a quote or
 * a line break stands in quotes. A cell of text that a spreadsheet would run as a formula gets an
 * apostrophe before it (OWASP, "CSV Injection"); numbers are written by us and need none.
 */
const LINE_END = '\r\n';
const NEEDS_QUOTES = /[",\r\n]/;
const WOULD_RUN = /^[=+\-@\t\r]/;

export type CsvCell = string | { readonly number: string };

export function csvLine(cells: readonly CsvCell[]): string {
  return cells.map(cellText).join(',') + LINE_END;
}

function cellText(cell: CsvCell): string {
  if (typeof cell !== 'string') return cell.number;
  const text = WOULD_RUN.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A finite number in plain decimals, never with an exponent: as many digits as bring the same number
 * back, and at least `decimalsMin` after the point (37 of a thermometer of tenths is 37.0).
 */
export function decimalText(value: number, decimalsMin = 0): string {
  const [digits = '0', exponent] = String(value === 0 ? 0 : value).split('e');
  const plain = exponent === undefined ? digits : movePoint(digits, Number(exponent));
  const [whole = '0', fraction = ''] = plain.split('.');
  const padded = fraction.padEnd(decimalsMin, '0');
  return padded === '' ? whole : `${whole}.${padded}`;
}

function movePoint(digits: string, by: number): string {
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = digits.slice(sign.length).split('.');
  if (by < 0) return `${sign}0.${'0'.repeat(-by - whole.length)}${whole}${fraction}`;
  return sign + whole + fraction.padEnd(by, '0');
}
