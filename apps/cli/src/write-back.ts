import { setTimeout as pause } from 'node:timers/promises';
import { Done } from '@ausculta/contract/erasure';
import { RetryAnswer, WriteBackOfSubject, WriteBackStatus } from '@ausculta/contract/write-back';
import type { Command } from './command.ts';
import { writeJson, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject, type ServerClient } from './server-client.ts';

const text = { type: 'string' } as const;
const at = (name: string): string => encodeURIComponent(name);

export const WRITE_BACK_STATUS: Command = {
  name: 'write-back status',
  words: [],
  options: {},
  usage: 'write-back status',
  help: 'Daily summaries for the records of others: what waits, what was refused, when it was sent last',
  async run(_, { client, out }) {
    const status = await client.get('/api/write-back', WriteBackStatus);
    if (out.asJson) return writeJson(out, status);
    if (status.destinations.length === 0) return out.line('AUSCULTA_WRITE_BACK lists nobody.');
    const head = ['destination', 'patients', 'waiting', 'due', 'refused', 'last sent', ''];
    const rows = status.destinations.map((one) => [
      ...[one.name, String(one.patients.found), String(one.daysWaiting), String(one.daysDue)],
      ...[String(one.daysRefused), one.lastSentAt ?? 'never', one.problem ?? ''],
    ]);
    writeTable(out, head, rows);
    for (const { name, unmatched, refusals, reconciliation } of status.destinations) {
      for (const [why, count] of Object.entries(unmatched))
        out.line(`${name}: of ${count} patients nothing is sent: ${why}`);
      for (const [why, count] of Object.entries(refusals))
        out.line(`${name}: ${count} days stand aside: ${why}`);
      if (reconciliation !== null) out.line(`${name}: ${inWords(reconciliation)}`);
    }
  },
};

export const WRITE_BACK_BEGIN: Command = {
  name: 'write-back begin',
  words: ['S', 'DESTINATION'],
  options: { zone: text, from: text },
  usage: 'write-back begin S DESTINATION [--zone ZONE] [--from DAY]',
  help: 'From today, or DAY, summaries of the days of S are sent there; its days are those of ZONE',
  async run({ words, options }, { client, out }) {
    const { id } = await findSubject(client, words[0] ?? '');
    const { zone, from } = options;
    const order = { ...(zone !== undefined && { zone }), ...(from !== undefined && { from }) };
    await client.post(`/api/subjects/${id}/write-back/${at(words[1] ?? '')}`, order, Done);
    if (out.asJson) return writeJson(out, { begun: id });
    out.line('Begun: write-back show says once it is known who this is there.');
  },
};

export const WRITE_BACK_END: Command = {
  name: 'write-back end',
  words: ['S', 'DESTINATION'],
  options: {},
  usage: 'write-back end S DESTINATION',
  help: 'Nothing more of S is sent there; what was sent stays, and is listed',
  async run({ words }, { client, out }) {
    const { id } = await findSubject(client, words[0] ?? '');
    const path = `/api/subjects/${id}/write-back/${at(words[1] ?? '')}/withdrawal`;
    await client.post(path, {}, Done);
    if (out.asJson) return writeJson(out, { ended: id });
    out.line('Ended.');
  },
};

export const WRITE_BACK_SHOW: Command = {
  name: 'write-back show',
  words: ['S'],
  options: {},
  usage: 'write-back show S',
  help: 'Where summaries of S go, and each that was sent: to whom, of which day, when',
  async run({ words }, { client, out }) {
    const { id } = await findSubject(client, words[0] ?? '');
    const told = await client.get(`/api/subjects/${id}/write-back`, WriteBackOfSubject);
    if (out.asJson) return writeJson(out, told);
    for (const one of told.destinations) {
      const why = one.reason === null ? '' : ` (${one.reason})`;
      const who = one.patient === null ? '' : ` as ${one.patient}`;
      out.line(`${one.destination}: ${one.state}${why}${who}, from ${one.from}, ${one.zone}`);
      for (const { day, reason } of one.daysRefused) out.line(`  ${day} stands aside: ${reason}`);
    }
    const rows = told.disclosures.map(({ atMs, destination, day, metrics, withdrawn }) => [
      ...[new Date(atMs).toISOString(), destination, day, metrics.join(', ')],
      withdrawn.length === 0 ? '' : `taken back: ${withdrawn.join(', ')}`,
    ]);
    if (rows.length > 0) writeTable(out, ['sent', 'to', 'day', 'what', ''], rows);
  },
};

export const WRITE_BACK_RETRY: Command = {
  name: 'write-back retry',
  words: ['DESTINATION'],
  options: {},
  usage: 'write-back retry DESTINATION',
  help: 'Tries again now: what was refused, whom nobody there was, and what waits for its time',
  async run({ words }, { client, out }) {
    const path = `/api/write-back/${at(words[0] ?? '')}/retry`;
    const { days } = await client.post(path, {}, RetryAnswer);
    if (out.asJson) return writeJson(out, { days });
    out.line(`Tried again: ${days} days that were refused.`);
  },
};

/** The server compares by itself, for minutes perhaps, and tells how far it is whoever asks. */
const LOOK_MS = 500;

export const WRITE_BACK_RECONCILE: Command = {
  name: 'write-back reconcile',
  words: ['DESTINATION'],
  options: { send: { type: 'boolean' } },
  usage: 'write-back reconcile DESTINATION [--send]',
  help: 'Compares what is there with what should be; --send sends again what is missing or different',
  async run({ words, options }, { client, out }) {
    const name = words[0] ?? '';
    const order = { send: options.send !== undefined };
    await client.post(`/api/write-back/${at(name)}/reconciliation`, order, Done);
    let found = await reconciliationOf(client, name);
    while (found.endedAt === null) {
      await pause(LOOK_MS);
      found = await reconciliationOf(client, name);
    }
    if (out.asJson) return writeJson(out, found);
    out.line(inWords(found));
  },
};

type Found = NonNullable<WriteBackStatus['destinations'][number]['reconciliation']>;

async function reconciliationOf(client: ServerClient, name: string): Promise<Found> {
  const { destinations } = await client.get('/api/write-back', WriteBackStatus);
  const found = destinations.find((one) => one.name === name)?.reconciliation;
  if (found !== null && found !== undefined) return found;
  throw new CommandProblem(EXIT.REFUSED, 'the server has been started anew: ask again.');
}

function inWords(found: Found): string {
  const { checked, same, missing, different, doubled, sentAgain, problem } = found;
  const state = found.endedAt === null ? 'under way' : (problem ?? 'through');
  return `compared ${checked} summaries: ${same} the same, ${missing} missing, ${different} different, ${doubled} doubled; ${sentAgain} days sent again (${state})`;
}
