import { StatisticsAnswer } from '@ausculta/contract/statistics';
import type { Command } from './command.ts';
import { writeJson, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { keyOf } from './readings.ts';
import { findSubject } from './server-client.ts';
import { readTime } from './time.ts';

const text = { type: 'string' } as const;
const HEAD = [
  'metric',
  'device',
  'time',
  'count',
  'mean',
  'sd',
  'cv %',
  'min',
  '5 %',
  '50 %',
  '95 %',
  'max',
];

type Figures = NonNullable<StatisticsAnswer['series'][number]['figures']>;

export const STATISTICS: Command = {
  name: 'statistics',
  words: [],
  options: { subject: text, metric: text, from: text, to: text, zone: text },
  needed: ['subject', 'metric', 'from'],
  usage: 'statistics --subject S --metric M --from T [--to T] [--zone Europe/Berlin]',
  help: 'Mean, spread and percentiles; with --zone also by the hour of the day there',
  async run({ options }, { client, out, nowMs }) {
    const { metric = '', from = '', to, zone } = options;
    const query = new URLSearchParams({
      metrics: metric.split(',').map(keyOf).join(','),
      from: String(readTime('--from', from, nowMs)),
      to: String(to === undefined ? nowMs : readTime('--to', to, nowMs)),
      ...(zone === undefined ? {} : { zone }),
    });
    const subject = await findSubject(client, options.subject ?? '');
    const answer = await client.get(
      `/api/subjects/${subject.id}/statistics?${query}`,
      StatisticsAnswer,
    );
    if (out.asJson) writeJson(out, answer);
    else {
      const rows = answer.series.flatMap(({ metric: key, device, figures, byTimeOfDay }) => [
        ...(figures === null ? [] : [rowOf([key, device, 'all'], figures)]),
        ...byTimeOfDay.map((bin) => rowOf([key, device, clockText(bin.fromMinute)], bin.figures)),
      ]);
      writeTable(out, HEAD, rows);
    }
    if (answer.unreadable.length > 0) {
      const why = `${answer.unreadable.length} stored parts cannot be read, and are in no figure.`;
      throw new CommandProblem(EXIT.REFUSED, why);
    }
  },
};

function rowOf(
  name: string[],
  { count, mean, sd, cvPercent, min, max, percentiles }: Figures,
): string[] {
  const at = (percent: number) => percentiles.find((one) => one.percent === percent)?.value;
  const numbers = [mean, sd, cvPercent, min, at(5), at(50), at(95), max];
  return [
    ...name,
    String(count),
    ...numbers.map((value) => (value == null ? '–' : String(Math.round(value * 100) / 100))),
  ];
}

function clockText(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
