import { AlarmList, type AlarmView } from '@ausculta/contract/alarms';
import { ParkedList, type ParkedView } from '@ausculta/contract/parked';
import { FAULTS, type FaultCode } from '@ausculta/vitals/fault';
import { alarmWords } from './alarm-words.ts';
import type { Command } from './command.ts';
import { ageInWords, writeJsonLines, writeTable } from './output.ts';
import { findSubject } from './server-client.ts';

export const ALARMS: Command = {
  name: 'alarms',
  words: [],
  options: { subject: { type: 'string' }, all: { type: 'boolean' } },
  usage: 'alarms [--subject S] [--all]',
  help: 'Open alarms, newest first; --all for resolved ones too',
  async run({ options }, { client, out, nowMs }) {
    const query = new URLSearchParams({ state: options.all === undefined ? 'open' : 'all' });
    if (options.subject !== undefined)
      query.set('subject', (await findSubject(client, options.subject)).id);
    const { alarms } = await client.get(`/api/alarms?${query}`, AlarmList);
    if (out.asJson) return writeJsonLines(out, alarms);
    if (alarms.length === 0)
      return out.line(options.all === undefined ? 'No open alarms.' : 'No alarms.');
    const head = ['priority', 'what', 'condition', 'episode', 'opened', 'subject'];
    writeTable(
      out,
      head,
      alarms.map((alarm) => alarmRow(alarm, nowMs)),
    );
  },
};

function alarmRow(alarm: AlarmView, nowMs: number): string[] {
  const { priority, condition, episode, openedMs, subjectId } = alarm;
  const age = ageInWords(nowMs - openedMs);
  return [priority, alarmWords(alarm), condition, episode, age, subjectId];
}

export const PARKED: Command = {
  name: 'parked',
  words: [],
  options: {},
  usage: 'parked',
  help: 'Messages that could not be decoded or placed, newest first',
  async run(_, { client, out, nowMs }) {
    const { parked } = await client.get('/api/parked', ParkedList);
    if (out.asJson) return writeJsonLines(out, parked);
    if (parked.length === 0) return out.line('Nothing is parked.');
    writeTable(
      out,
      ['fault', 'detail', 'device', 'door', 'bytes', 'received'],
      parked.map((message) => parkedRow(message, nowMs)),
    );
    out.line('');
    for (const fault of new Set(parked.map((message) => message.fault))) {
      out.line(`${fault}: ${WAYS_ON[fault] ?? whyOf(fault)}`);
    }
  },
};

const CLAIM =
  '`device assign ID --subject S --from T`, or `device correct`, brings these into the record of who wore it then.';

const WAYS_ON: Readonly<Record<string, string>> = {
  DEVICE_UNASSIGNED: `Nobody wore the device then. ${CLAIM}`,
  CLOCK_DOUBTED: `Measured long before it came, or by a wrong clock. ${CLAIM}`,
  METRIC_UNKNOWN:
    'Nothing in the catalogue has this name: let its sender use a key, a LOINC or an MDC code.',
  UNIT_UNKNOWN:
    'This is not measured in the unit that was sent: let its sender use a UCUM unit of its kind.',
};

const whyOf = (fault: string): string => (isFaultCode(fault) ? FAULTS[fault].why : '');

const isFaultCode = (fault: string): fault is FaultCode => fault in FAULTS;

function parkedRow(message: ParkedView, nowMs: number): string[] {
  const { fault, detail, device, door, bytes, receivedAt } = message;
  const age = ageInWords(nowMs - Date.parse(receivedAt));
  return [fault, detail ?? '', device ?? '', door, String(bytes), age];
}
