import { Status } from '@ausculta/contract/status';
import type { Command } from './command.ts';
import { ageInWords, writeJson, writeTable } from './output.ts';

const SINCE_START: ReadonlySet<string> = new Set([
  'messagesAccepted',
  'readingsStored',
  'parkedBeyondQuota',
] satisfies (keyof Status['counts'])[]);

export const STATUS: Command = {
  name: 'status',
  words: [],
  options: {},
  usage: 'status',
  help: 'Whether the server and its parts are ready, and what it holds',
  async run(_, { client, out }) {
    const status = await client.get('/api/status', Status);
    if (out.asJson) return writeJson(out, status);
    const { version, ready, startedAt, now, parts, counts } = status;
    const age = ageInWords(Date.parse(now) - Date.parse(startedAt));
    out.line(`Ausculta ${version} is ${ready ? 'ready' : 'NOT ready'}; started ${age}.`);
    const words = (part: (typeof parts)[number]) => [
      part.name,
      !part.ready ? 'NOT ready' : part.attention === true ? 'ATTENTION' : 'ready',
      part.detail,
    ];
    writeTable(out, ['part', 'state', ''], parts.map(words));
    out.line('');
    const rows = (isSinceStart: boolean) =>
      Object.entries(counts)
        .filter(([name]) => SINCE_START.has(name) === isSinceStart)
        .map(([name, count]) => [inWords(name), String(count)]);
    writeTable(out, ['held', 'count'], rows(false));
    out.line('');
    writeTable(out, ['since the start', 'count'], rows(true));
  },
};

/** "readingsStored" → "readings stored". */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
