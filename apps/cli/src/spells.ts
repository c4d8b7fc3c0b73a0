import { SpellAnswer, type SpellQuestion, type SpellView } from '@ausculta/contract/spells';
import type { Command, Given } from './command.ts';
import { writeJson, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { keyOf } from './readings.ts';
import { findSubject } from './server-client.ts';
import { readDuration, readTime } from './time.ts';

const text = { type: 'string' } as const;

/** Of everybody, unless somebody is named. */
export const SPELLS: Command = {
  name: 'spells',
  words: [],
  options: {
    metric: text,
    below: text,
    above: text,
    for: text,
    from: text,
    to: text,
    gap: text,
    subject: text,
  },
  needed: ['metric', 'for', 'from'],
  usage:
    'spells --metric M (--below V | --above V) --for 10min --from T [--to T] [--gap 30s] [--subject S]',
  help: 'When something held so long without a break; silence longer than --gap ends it',
  async run(given, { client, out, nowMs }) {
    const asked = questionOf(given, nowMs);
    const { subject } = given.options;
    const subjects = subject === undefined ? undefined : [(await findSubject(client, subject)).id];
    const answer = await client.post(
      '/api/spells',
      { ...asked, ...(subjects && { subjects }) },
      SpellAnswer,
    );
    if (out.asJson) writeJson(out, answer);
    else {
      const head = [
        'subject',
        'device',
        'from',
        'until',
        'minutes',
        `extreme ${answer.unit}`,
        'ended by',
      ];
      writeTable(out, head, answer.spells.map(rowOf));
      if (answer.unmeasured.length > 0)
        out.line(`Nobody measured in this time: ${answer.unmeasured.join(', ')}`);
    }
    if (answer.unreadable.length > 0) {
      const why = `${answer.unreadable.length} stored parts cannot be read: what happened there is not known.`;
      throw new CommandProblem(EXIT.REFUSED, why);
    }
  },
};

function questionOf({ options }: Given, nowMs: number): SpellQuestion {
  const { metric = '', below, above, from = '', to, gap } = options;
  if ((below === undefined) === (above === undefined))
    throw new CommandProblem(EXIT.USAGE, 'give --below or --above, one of the two.');
  return {
    metric: keyOf(metric),
    ...(below === undefined
      ? { above: numberOf('--above', above ?? '') }
      : { below: numberOf('--below', below) }),
    atLeastMs: readDuration('--for', options.for ?? ''),
    ...(gap === undefined ? {} : { gapMaxMs: readDuration('--gap', gap) }),
    fromMs: readTime('--from', from, nowMs),
    toMs: to === undefined ? nowMs : readTime('--to', to, nowMs),
  };
}

function numberOf(option: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new CommandProblem(EXIT.USAGE, `${option} must be a number in the metric's own unit.`);
}

function rowOf({
  subjectId,
  device,
  fromMs,
  toMs,
  fromEdge,
  endedBy,
  extreme,
}: SpellView): string[] {
  const [from, until] = [fromMs, toMs].map((atMs) => new Date(atMs).toISOString()) as [
    string,
    string,
  ];
  const minutes = ((toMs - fromMs) / 60_000).toFixed(1);
  return [
    subjectId,
    device,
    fromEdge ? `${from} or before` : from,
    until,
    minutes,
    String(extreme),
    endedBy,
  ];
}
