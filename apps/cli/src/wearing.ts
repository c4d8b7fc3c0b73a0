import { DeviceView } from '@ausculta/contract/devices';
import type { Command, Surroundings } from './command.ts';
import { writeJson } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject } from './server-client.ts';
import { readTime } from './time.ts';

const text = { type: 'string' } as const;

const pathOf = (id: string | undefined): string => `/api/devices/${encodeURIComponent(id ?? '')}`;

export const DEVICE_SHOW: Command = {
  name: 'device show',
  words: ['ID'],
  options: {},
  usage: 'device show ID',
  help: 'Who wore a device when, and readings that are or were moved between records',
  async run({ words }, { client, out }) {
    tell(await client.get(pathOf(words[0]), DeviceView), out);
  },
};

export const DEVICE_ASSIGN: Command = {
  name: 'device assign',
  words: ['ID'],
  options: { subject: text, from: text },
  needed: ['subject'],
  usage: 'device assign ID --subject S [--from T]',
  help: 'Gives a device to a subject, from now or from T on; what it measured since T goes along',
  async run({ words, options }, { client, out, nowMs }) {
    const { id } = await findSubject(client, options.subject ?? '');
    const from = options.from && { from: isoOf('--from', options.from, nowMs) };
    const body = { subjectId: id, ...from };
    tell(await client.post(`${pathOf(words[0])}/assignment`, body, DeviceView), out);
  },
};

export const DEVICE_UNASSIGN: Command = {
  name: 'device unassign',
  words: ['ID'],
  options: { at: text },
  usage: 'device unassign ID [--at T]',
  help: 'Takes a device off, now or as of T: nobody is monitored by it any more',
  async run({ words, options }, { client, out, nowMs }) {
    const body = options.at === undefined ? {} : { at: isoOf('--at', options.at, nowMs) };
    tell(await client.post(`${pathOf(words[0])}/unassignment`, body, DeviceView), out);
  },
};

export const DEVICE_CORRECT: Command = {
  name: 'device correct',
  words: ['ID'],
  options: { subject: text, unknown: { type: 'boolean' }, from: text, until: text },
  needed: ['from'],
  usage: 'device correct ID --from T [--until T] (--subject S | --unknown)',
  help: 'Says who really wore a device in a span; its readings, events and alarms follow',
  async run({ words, options }, { client, out, nowMs }) {
    const { subject, unknown, from = '', until } = options;
    if ((subject === undefined) === (unknown === undefined)) {
      throw new CommandProblem(
        EXIT.USAGE,
        'either --subject S, or --unknown if nobody knows who it was.',
      );
    }
    const subjectId = subject === undefined ? null : (await findSubject(client, subject)).id;
    const body = {
      subjectId,
      from: isoOf('--from', from, nowMs),
      until: until === undefined ? null : isoOf('--until', until, nowMs),
    };
    tell(await client.post(`${pathOf(words[0])}/correction`, body, DeviceView), out);
  },
};

function isoOf(option: string, time: string, nowMs: number): string {
  return new Date(readTime(option, time, nowMs)).toISOString();
}

function tell(device: DeviceView, out: Surroundings['out']): void {
  if (out.asJson) {
    writeJson(out, device);
    return;
  }
  const { id, wornBy, worn, reattributions } = device;
  out.line(
    wornBy === null ? `${id}: nobody is monitored by it now.` : `${id} is worn by ${wornBy}.`,
  );
  for (const { subjectId, from, until } of worn) {
    out.line(`  ${from} to ${until ?? 'now'}  ${subjectId}`);
  }
  for (const { from, until, fromSubjectId, toSubjectId, stage, valuesMoved } of reattributions) {
    if (stage === 'done' && valuesMoved === 0) continue;
    const how = stage === 'done' ? 'moved' : 'are on their way';
    const span = `of ${from} to ${until ?? 'now'}`;
    out.line(
      `  ${valuesMoved} values ${span} ${how}: ${fromSubjectId ?? 'somebody'} to ${toSubjectId ?? 'somebody'}`,
    );
  }
}
