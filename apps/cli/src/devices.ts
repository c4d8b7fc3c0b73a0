import { DeviceList, DeviceSummary } from '@ausculta/contract/devices';
import { DeviceCreated } from '@ausculta/contract/subjects';
import { parseDeviceId } from '@ausculta/vitals/identity';
import type { Command } from './command.ts';
import { writeJson, writeJsonLines, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import { findSubject } from './server-client.ts';

export const DEVICE_ADD: Command = {
  name: 'device add',
  words: ['ID'],
  options: {
    subject: { type: 'string' },
    nobody: { type: 'boolean' },
    model: { type: 'string' },
  },
  usage: 'device add ID (--subject S | --nobody) [--model M]',
  help: 'Registers a device, assigns it, and prints its token, once; nobody wears a gateway',
  async run({ words, options }, { client, out }) {
    const id = parseDeviceId(words[0] ?? '');
    if (id === undefined) {
      throw new CommandProblem(
        EXIT.USAGE,
        'ID must be 2 to 64 letters, digits and . _ : - and begin with a letter or digit.',
      );
    }
    const { subject, nobody, model } = options;
    if ((subject === undefined) === (nobody === undefined))
      throw new CommandProblem(EXIT.USAGE, 'say who wears it: --subject S, or --nobody.');
    const subjectId = subject === undefined ? null : (await findSubject(client, subject)).id;
    const wanted = { id, subjectId, ...(model && { model }) };
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
    if (subjectId === null)
      out.line(
        `Nobody wears it. Give it to a patient: ausculta device assign ${created.id} --subject S`,
      );
  },
};

export const DEVICE_LIST: Command = {
  name: 'device list',
  words: [],
  options: {},
  usage: 'device list',
  help: 'All devices, and who wears them now',
  async run(_, { client, out }) {
    const { devices } = await client.get('/api/devices', DeviceList);
    if (out.asJson) return writeJsonLines(out, devices);
    const rows = devices.map(({ id, model, wornBy, isDisabled }) => [
      id,
      model,
      wornBy ?? 'nobody',
      isDisabled ? 'disabled' : '',
    ]);
    writeTable(out, ['id', 'model', 'worn by', ''], rows);
  },
};

export const DEVICE_DESCRIBE: Command = {
  name: 'device describe',
  words: ['ID'],
  options: {
    kind: { type: 'string' },
    manufacturer: { type: 'string' },
    serial: { type: 'string' },
    'system-id': { type: 'string' },
  },
  usage:
    'device describe ID [--kind personal|point-of-care] [--manufacturer M] [--serial S] [--system-id EUI64]',
  help: 'Says what a device is, for FHIR; what is left out is not known any more',
  async run({ words, options }, { client, out }) {
    const { kind, manufacturer, serial: serialNumber, 'system-id': systemId } = options;
    const path = `/api/devices/${encodeURIComponent(words[0] ?? '')}/about`;
    const about = { kind, manufacturer, serialNumber, systemId };
    const device = await client.post(path, about, DeviceSummary);
    if (out.asJson) return writeJson(out, device);
    const told = Object.entries(device.about).map(([name, value]) => `${name} ${value}`);
    out.line(`${device.id}: ${told.join(', ') || 'nothing is known of it'}`);
  },
};

export const DEVICE_TOKEN: Command = {
  name: 'device token',
  words: ['ID'],
  options: {},
  usage: 'device token ID',
  help: 'Gives a device a new token, printed once; the old one stops at once',
  async run({ words }, { client, out }) {
    const path = `/api/devices/${encodeURIComponent(words[0] ?? '')}/token`;
    const renewed = await client.post(path, {}, DeviceCreated);
    if (out.asJson) return writeJson(out, renewed);
    out.line(
      `The old token of ${renewed.id} opens nothing any more. The new one, shown only this once:`,
    );
    out.line('');
    out.line(`  ${renewed.token}`);
  },
};

export const DEVICE_DISABLE: Command = {
  name: 'device disable',
  words: ['ID'],
  options: {},
  usage: 'device disable ID',
  help: 'Takes a device that nobody wears out of use; a new token takes it back',
  async run({ words }, { client, out }) {
    const path = `/api/devices/${encodeURIComponent(words[0] ?? '')}/disable`;
    const device = await client.post(path, {}, DeviceSummary);
    if (out.asJson) return writeJson(out, device);
    out.line(`${device.id} is disabled: its token opens nothing.`);
  },
};
