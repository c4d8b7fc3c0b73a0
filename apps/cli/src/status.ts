import { Status } from '@ausculta/contract/status';
import type { Command } from './command.ts';
import { ageInWords, writeJson, writeTable } from './output.ts';

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
    const held = Object.entries(counts).map(([name, count]) => [inWords(name), String(count)]);
    writeTable(out, ['held', 'count'], held);
  },
};

/** "readingsStored" → "readings stored". */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
