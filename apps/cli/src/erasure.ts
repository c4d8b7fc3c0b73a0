import { Done, Erasure, LegalHold, LegalHoldList } from '@ausculta/contract/erasure';
import type { Command } from './command.ts';
import { writeJson } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject } from './server-client.ts';

const text = { type: 'string' } as const;

export const SUBJECT_ERASE: Command = {
  name: 'subject erase',
  words: ['S'],
  options: { confirm: text, 'stop-monitoring': { type: 'boolean' } },
  needed: ['confirm'],
  usage: 'subject erase S --confirm RECORD-NUMBER [--stop-monitoring]',
  help: 'Destroys the key of a subject: its record is unreadable, for ever. Prints the receipt',
  async run({ words, options }, { client, out }) {
    const subject = await findSubject(client, words[0] ?? '');
    // The server looks as well; here a slip is told before anything is sent.
    if (options.confirm !== subject.identity.recordNumber) {
      throw new CommandProblem(
        EXIT.USAGE,
        '--confirm must be the record number of this very subject. Nothing was erased.',
      );
    }
    const stopMonitoring = options['stop-monitoring'] !== undefined;
    const order = { recordNumber: options.confirm, stopMonitoring };
    const erasure = await client.post(`/api/subjects/${subject.id}/erasure`, order, Erasure);
    if (out.asJson) return writeJson(out, erasure);
    const { receipt, recipients, devicesUnassigned, rowsRemoved, signature } = erasure;
    out.line(`Unreadable here since ${receipt.unreadableHereAt}: ${receipt.subjectId}`);
    out.line(`Final on ${receipt.finalOn ?? 'no known day'}. Until then there are:`);
    for (const { what, until } of receipt.copies) {
      out.line(`  ${what}${until === null ? '' : ` (until ${until})`}`);
    }
    if (!rowsRemoved) out.line('Its rows, which nothing opens, are being removed.');
    if (devicesUnassigned.length > 0) {
      out.line(`Worn by nobody now: ${devicesUnassigned.join(', ')}`);
    }
    for (const { name, recipient, way, last } of recipients)
      out.line(`Tell ${name ?? recipient} as well: they got something (${way}) until ${last}`);
    out.line(`Signature: ${signature}`);
  },
};

export const SUBJECT_HOLD: Command = {
  name: 'subject hold',
  words: ['S'],
  options: { reason: text },
  usage: 'subject hold S [--reason R]',
  help: 'Forbids to erase a subject, for a reason; without one, shows the holds that are in force',
  async run({ words, options }, { client, out }) {
    const { id } = await findSubject(client, words[0] ?? '');
    const path = `/api/subjects/${id}/holds`;
    if (options.reason === undefined) {
      const { holds } = await client.get(path, LegalHoldList);
      if (out.asJson) return writeJson(out, { holds });
      if (holds.length === 0) return out.line('No legal hold: this subject can be erased.');
      for (const hold of holds) out.line(`${hold.id}  since ${hold.placedAt}  ${hold.reason}`);
      return;
    }
    const hold = await client.post(path, { reason: options.reason }, LegalHold);
    if (out.asJson) return writeJson(out, hold);
    out.line(`Held: ${hold.id}`);
  },
};

export const SUBJECT_RELEASE: Command = {
  name: 'subject release',
  words: ['S', 'HOLD'],
  options: {},
  usage: 'subject release S HOLD',
  help: 'Ends a legal hold; HOLD is the id that subject hold prints',
  async run({ words }, { client, out }) {
    const { id } = await findSubject(client, words[0] ?? '');
    const hold = encodeURIComponent(words[1] ?? '');
    await client.post(`/api/subjects/${id}/holds/${hold}/release`, {}, Done);
    if (out.asJson) return writeJson(out, { released: words[1] });
    out.line('Released.');
  },
};

export const KEYS_ROTATE: Command = {
  name: 'keys rotate',
  words: [],
  options: {},
  usage: 'keys rotate',
  help: 'Wraps all keys anew under a new master key; nothing that they seal is rewritten',
  async run(_, { client, out }) {
    await client.post('/api/keys/rotation', {}, Done);
    if (out.asJson) return writeJson(out, { rotated: true });
    out.line('Rotated. Back up the new master key; older backups of keys need the older one.');
  },
};
