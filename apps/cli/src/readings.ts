import { ReadingLine, UnreadableLine, type UnreadablePart } from '@ausculta/contract/readings';
import { findMetric, metricByKey } from '@ausculta/vitals/lookup';
import type { Command, Given } from './command.ts';
import type { Output } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject, type ServerClient } from './server-client.ts';
import { readTime } from './time.ts';

const text = { type: 'string' } as const;

/** One JSON object a line unless a person reads at a terminal: this is for programs first. */
export const READINGS: Command = {
  name: 'readings',
  words: [],
  options: { subject: text, metric: text, from: text, to: text, csv: { type: 'boolean' } },
  needed: ['subject', 'metric'],
  usage: 'readings --subject S --metric M [--from T] [--to T] [--csv]',
  help: 'What was stored: one JSON object a line (a table at a terminal), or CSV for a spreadsheet',
  async run(given, { client, out, nowMs }) {
    const query = queryOf(given, nowMs);
    const subject = await findSubject(client, given.options.subject ?? '');
    const path = `/api/subjects/${subject.id}/readings?${query}`;
    if (given.options.csv !== undefined) return await writeCsv(client, out, path);
    const asTable = !out.asJson && out.isTerminal;
    let count = 0;
    let missing = 0;
    for await (const line of client.lines(path)) {
      const part = unreadableOf(line);
      if (part === undefined) count += 1;
      else missing += 1;
      if (!asTable) out.line(line);
      else out.line(part === undefined ? asRow(line) : asWarning(part));
    }
    if (asTable) out.line(count === 0 ? 'No readings in this time.' : `${count} readings`);
    refuseWhere(missing);
  },
};

async function writeCsv(client: ServerClient, out: Output, path: string): Promise<void> {
  let missing = 0;
  // Each line brings the CR of its CRLF.
  for await (const line of client.lines(`${path}&format=csv`)) {
    if (line.includes(',unreadable-until ')) missing += 1;
    out.line(line);
  }
  refuseWhere(missing);
}

function refuseWhere(missing: number): void {
  if (missing === 0) return;
  throw new CommandProblem(
    EXIT.REFUSED,
    `${missing} stored parts of this record cannot be read: npx ausculta verify names all such parts.`,
  );
}

function queryOf({ options }: Given, nowMs: number): URLSearchParams {
  const { metric = '', from, to } = options;
  const query = new URLSearchParams({ metric: metric.split(',').map(keyOf).join(',') });
  const times = {
    from: from === undefined ? undefined : readTime('--from', from, nowMs),
    to: to === undefined ? undefined : readTime('--to', to, nowMs),
  };
  if (times.from !== undefined) query.set('from', String(times.from));
  if (times.to !== undefined) query.set('to', String(times.to));
  if (times.from !== undefined && times.to !== undefined && times.from >= times.to) {
    throw new CommandProblem(EXIT.USAGE, '--from must lie before --to.');
  }
  return query;
}

/** A key of the catalogue, or any code that stands for one: 8867-4 is heart-rate. */
export function keyOf(name: string): string {
  const key = metricByKey(name)?.key ?? findMetric(name)?.metric.key;
  if (key !== undefined) return key;
  throw new CommandProblem(
    EXIT.USAGE,
    '--metric must be a key of the catalogue, such as heart-rate or spo2, or its LOINC or MDC code.',
  );
}

function unreadableOf(line: string): UnreadablePart | undefined {
  const parsed = UnreadableLine.safeParse(JSON.parse(line));
  return parsed.success ? parsed.data.unreadable : undefined;
}

function asWarning({ metric, device, fromMs, toMs, chunk }: UnreadablePart): string {
  const [from, to] = [fromMs, toMs].map((atMs) => new Date(atMs).toISOString());
  return `${from}  UNREADABLE until ${to}: ${metric} of ${device} (chunk ${chunk})`;
}

function asRow(line: string): string {
  const { stamp, time, value, unit, flags, device, metric } = ReadingLine.parse(JSON.parse(line));
  // The device's own time is worth a word only where it is wrong.
  const clock = stamp === time ? '' : `its clock said ${stamp}`;
  const number = `${String(value).padStart(8)} ${unit}`.padEnd(16);
  return [time, metric.padEnd(16), number, device, flags.join(' '), clock].join('  ').trimEnd();
}
