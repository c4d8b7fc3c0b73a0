import { DeviceCreated } from '@ausculta/contract/subjects';
import { parseDeviceId } from '@ausculta/vitals/identity';
import type { Command } from './command.ts';
import { writeJson } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject } from './server-client.ts';

export const DEVICE_ADD: Command = {
  name: 'device add',
  words: ['ID'],
  options: { subject: { type: 'string' }, model: { type: 'string' } },
  needed: ['subject'],
  usage: 'device add ID --subject S [--model M]',
  help: 'Registers a device, assigns it, and prints its token, once',
  async run({ words, options }, { client, out }) {
    const id = parseDeviceId(words[0] ?? '');
    if (id === undefined) {
      throw new CommandProblem(
        EXIT.USAGE,
        'ID must be 2 to 64 letters, digits and . _ : - and begin with a letter or digit.',
      );
    }
    const subject = await findSubject(client, options.subject ?? '');
    const wanted = { id, subjectId: subject.id, ...(options.model && { model: options.model }) };
    const created = await client.post('/api/devices', wanted, DeviceCreated);
    if (out.asJson) return writeJson(out, created);
    out.line(`Added ${created.id}. Its token, shown only this once:`);
    out.line('');
    out.line(`  ${created.token}`);
    out.line('');
    out.line(
      `MQTT: user name ${created.id}, password the token, topic devices/${created.id}/readings`,
    );
    out.line(`HTTP: POST /api/devices/${created.id}/readings with Authorization: Bearer TOKEN`);
  },
};
