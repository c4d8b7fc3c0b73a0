import { Done } from '@ausculta/contract/erasure';
import type { Command } from './command.ts';
import { writeJson } from './output.ts';
import { findSubject } from './server-client.ts';

export const SUBJECT_MERGE: Command = {
  name: 'subject merge',
  words: ['S', 'INTO'],
  options: {},
  usage: 'subject merge S INTO',
  help: 'Two records are one person: what S has measured moves into INTO, which goes on',
  async run({ words }, { client, out }) {
    const old = await findSubject(client, words[0] ?? '');
    const kept = await findSubject(client, words[1] ?? '');
    await client.post(`/api/subjects/${old.id}/merge`, { into: kept.id }, Done);
    if (out.asJson) return writeJson(out, { merged: old.id, into: kept.id });
    out.line(`Merged into ${kept.identity.recordNumber}. Undo: ausculta subject unmerge ${old.id}`);
  },
};

export const SUBJECT_UNMERGE: Command = {
  name: 'subject unmerge',
  words: ['S'],
  options: {},
  usage: 'subject unmerge S',
  help: 'Takes a merge back: S is a record of its own again, with what its devices had measured',
  async run({ words }, { client, out }) {
    const old = await findSubject(client, words[0] ?? '');
    await client.post(`/api/subjects/${old.id}/unmerge`, {}, Done);
    if (out.asJson) return writeJson(out, { unmerged: old.id });
    out.line('A record of its own again.');
  },
};
