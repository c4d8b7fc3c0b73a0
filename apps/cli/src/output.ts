/** Where a command writes: JSON for programs, tables and sentences for people. */
export interface Output {
  /** One JSON object a line. */
  readonly asJson: boolean;
  /** A person reads at a terminal. */
  readonly isTerminal: boolean;
  line(text: string): void;
}

type Row = readonly string[];

/** Columns as wide as their widest cell, two blanks apart. */
export function writeTable(out: Output, head: Row, rows: readonly Row[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    out.line(cells.join('  ').trimEnd());
  }
}

export function writeJson(out: Output, value: unknown): void {
  out.line(JSON.stringify(value));
}

export function writeJsonLines(out: Output, values: readonly unknown[]): void {
  for (const value of values) writeJson(out, value);
}

/** "just now", "40 s ago", "3 h ago": ages that a person compares at a glance. */
export function ageInWords(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 2) return 'just now';
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}
