/** An alarm is brought to a person: by mail and by gateways of the house, again and again until somebody answers. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type {
  CallAnswered,
  CallingView,
  CallTimeline,
  NotificationView,
  Roster,
  TurnView,
  UntakenList,
} from '@ausculta/contract/calling';
import type { Status } from '@ausculta/contract/status';
import {
  type GatewayReceiver,
  gatewayList,
  gatewayReceiver,
  SECRET,
} from './support/gateway-receiver.ts';
import { type MailReceiver, mailReceiver } from './support/mail-receiver.ts';
import { Asking, type Person, signedIn } from './support/people.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';
import { mailSettingsFor } from './support/subscription-sample.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TIMES = {
  afterSeconds: { high: 120, medium: 600 },
  repeatSeconds: { high: 60, medium: 300 },
};
const AT_ONCE = { ...TIMES, afterSeconds: { high: 0, medium: 0 } };

describe('who is called', () => {
  let mails: MailReceiver;
  let pager: GatewayReceiver;
  let sms: GatewayReceiver;
  let directory: string;
  let here: ServerHere;
  let asking: Asking;
  let nurse: Person;
  let chief: Person;
  let turnedMs = 0;
  before(async () => {
    [mails, pager, sms] = await Promise.all([mailReceiver(), gatewayReceiver(), gatewayReceiver()]);
    directory = await mkdtemp(join(tmpdir(), 'ausculta-calling-'));
    const callingFile = await gatewayList(directory, [
      { name: 'pager', receiver: pager, answers: true },
      { name: 'sms', receiver: sms },
    ]);
    const { config } = mailSettingsFor(mails);
    here = await startServerHere({
      config: { ...config, callingFile, publicUrl: 'https://ausculta.example/' },
      outside: { nowMs: () => Date.now() + turnedMs, every: quickly },
    });
    asking = new Asking(here.server);
    nurse = await signedIn(here, ['nurse']);
    chief = await signedIn(here, ['physician']);
    await here.database.line`UPDATE session SET expires_at = now() + interval '30 days'`;
    for (const person of [nurse, chief])
      await here.server.post('/api/shifts', { accountId: person.accountId, unit: null });
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    for (const one of [mails, pager, sms]) await one?.[Symbol.asyncDispose]();
    if (directory !== undefined) await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    for (const gateway of [pager, sms]) gateway.answer = 200;
    mails.answer = 'take';
  });

  const ask = (who: Person, method: string, path: string, body?: object) =>
    asking.as(who, path, {
      method,
      ...(body !== undefined && { headers: JSON_TYPE, body: JSON.stringify(body) }),
    });
  const toPager = { name: 'Pager', who: [{ kind: 'gateway', gateway: 'pager' }], ...TIMES };
  const toNurse = {
    ...{ name: 'Ward', who: [{ kind: 'duty', duty: 'ward-nurse' }], channels: ['mail'] },
    ...AT_ONCE,
  };
  const put = async (tiers: readonly object[], more: object = {}): Promise<Response> =>
    await here.server.fetch('/api/calling/policy', {
      ...{ method: 'PUT', headers: JSON_TYPE },
      body: JSON.stringify({ routes: [{ name: 'All', units: [], tiers, ...more }] }),
    });
  const policy = async (tiers: readonly object[], more: object = {}): Promise<void> => {
    const answer = await put(tiers, more);
    assert.equal(answer.status, 200, await answer.text());
  };
  const raise = async (values = { spo2: 71 }): Promise<TestDevice & { alarmId: string }> => {
    const device = await here.server.addPatient('Quellwasser');
    const time = Date.now() + turnedMs;
    await here.server.send(device, JSON.stringify({ time, values }));
    const [alarm] = await eventually('an alarm', async () => {
      const alarms = await here.server.alarms(device.subjectId);
      return alarms.length > 0 ? alarms : undefined;
    });
    assert.ok(alarm !== undefined);
    return { ...device, alarmId: alarm.id };
  };
  type Alarm = Awaited<ReturnType<typeof raise>>;
  const timeline = ({ alarmId, subjectId }: Alarm) =>
    here.server.get<CallTimeline>(
      `/api/alarms/${encodeURIComponent(alarmId)}/calls?subject=${subjectId}`,
    );
  const told = (alarm: Alarm, what: string, is: (one: NotificationView) => boolean) =>
    eventually(what, async () => (await timeline(alarm)).notifications.find(is));
  const acknowledge = async ({ alarmId, subjectId }: Alarm): Promise<void> => {
    const path = `/api/alarms/${encodeURIComponent(alarmId)}/acknowledge`;
    assert.equal((await ask(nurse, 'POST', path, { subjectId })).status, 200);
  };
  const later = (ms: number): void => {
    turnedMs += ms;
  };
  const status = async () => {
    const { parts } = await here.server.get<Status>('/api/status');
    return parts.find(({ name }) => name === 'calling');
  };
  const says = (words: RegExp) =>
    eventually(`status to say ${words}`, async () => {
      const part = await status();
      return part !== undefined && words.test(part.detail) ? part : undefined;
    });
  const on = async (who: Person, body: object = {}): Promise<TurnView> => {
    const answer = await ask(who, 'POST', '/api/roster', { duty: 'ward-nurse', ...body });
    assert.equal(answer.status, 201, await answer.clone().text());
    return (await answer.json()) as TurnView;
  };
  /** The calls of this alarm alone. */
  const of = ({ notifications }: CallTimeline) => {
    const ids = new Set(notifications.map(({ id }) => id));
    return (one: { data: { id: string } }) => ids.has(one.data.id);
  };

  test('without a policy nobody is called, and it is said wherever somebody asks', async () => {
    const alarm = await raise();
    const view = await here.server.get<CallingView>('/api/calling');
    assert.equal(view.state, 'nobody');
    assert.match(view.words, /^Nobody is called beyond screens/);
    assert.equal((await says(/nobody is called beyond screens/)).attention, true);
    const { isOwed, notifications } = await timeline(alarm);
    assert.deepEqual([isOwed, notifications], [true, []]);
    await acknowledge(alarm);
  });

  test('a policy that may leave an alarm without anybody is refused, with the place', async () => {
    const refused = async (tiers: readonly object[], where: RegExp, more = {}): Promise<void> => {
      const answer = await put(tiers, more);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), where);
    };
    await refused([toNurse], /routes\.0\.tiers\.0\.who: is the last tier and may be empty/);
    await refused([{ ...toPager, who: [] }], /routes\.0\.tiers\.0\.who: calls nobody/);
    await refused([toPager], /some ward would have none/, { units: ['ICU'] });
    await refused([{ ...toPager, who: [{ kind: 'gateway', gateway: 'none' }] }], /no gateway none/);
    const stranger = { kind: 'account', accountId: crypto.randomUUID() };
    await refused([{ ...toNurse, who: [stranger] }], /no account of this house/);
    await refused([{ ...toNurse, channels: [] }, toPager], /names no channel/);
    assert.equal((await here.server.get<CallingView>('/api/calling')).state, 'nobody');
    assert.equal((await ask(nurse, 'PUT', '/api/calling/policy', {})).status, 403);
  });

  test('whoever is on is mailed at once, without a name, a finding or a value', async () => {
    await policy([toNurse, toPager]);
    const addresses = { mail: 'nurse@ward.example', number: '+49 30 1234' };
    assert.equal((await ask(nurse, 'PUT', '/api/me/calling', addresses)).status, 200);
    const turn = await on(nurse);
    assert.deepEqual([turn.isMine, turn.isReached], [true, true]);
    const taken = mails.taken.length;
    const alarm = await raise();
    const mail = await told(alarm, 'the mail', ({ state }) => state === 'sent');
    assert.deepEqual(
      [mail.channel, mail.proof, mail.tier, mail.name],
      ['mail', 'information-only', 0, 'Somebody'],
    );
    const [raw = ''] = mails.taken.slice(taken).map((one) => one.raw.replaceAll('=\r\n', ''));
    assert.match(raw, /An alarm waits\. Open Ausculta\./);
    assert.match(raw, new RegExp(`https://ausculta\\.example/calls/${mail.id}`));
    assert.doesNotMatch(raw, /Quellwasser|spo2|71|high/i);
    const opened = await ask(nurse, 'POST', `/api/calls/${mail.id}/opened`);
    assert.deepEqual(await opened.json(), { alarmId: alarm.alarmId, subjectId: alarm.subjectId });
    assert.notEqual((await timeline(alarm)).notifications[0]?.seen, null);
    await acknowledge(alarm);
  });

  test('unanswered, the next tier is called, signed; acknowledged, nobody is called any more', async () => {
    const alarm = await raise();
    await told(alarm, 'the mail', ({ state }) => state === 'sent');
    assert.equal((await timeline(alarm)).notifications.filter(({ tier }) => tier > 0).length, 0);
    later(2 * MINUTE_MS);
    const page = await told(alarm, 'the page', (one) => one.tier === 1 && one.state === 'sent');
    assert.equal(page.proof, 'key-press');
    const call = pager.taken.find(({ data }) => data.id === page.id);
    assert.ok(call !== undefined);
    assert.equal(call.headers['webhook-signature'], signatureOf(call));
    assert.doesNotMatch(call.text, /Quellwasser|spo2|71/i);
    await acknowledge(alarm);
    const rounds = (await timeline(alarm)).notifications.length;
    later(HOUR_MS);
    const next = await raise();
    await told(next, 'a later mail', ({ state }) => state === 'sent');
    assert.equal((await timeline(alarm)).notifications.length, rounds);
    assert.equal((await timeline(alarm)).isOwed, false);
    await acknowledge(next);
  });

  test('who answers 500 is asked again with the same id, and the next tier is called at once', async () => {
    await policy([
      { ...toPager, name: 'Text', who: [{ kind: 'gateway', gateway: 'sms' }], ...AT_ONCE },
      toPager,
    ]);
    sms.answer = 500;
    const alarm = await raise();
    await told(alarm, 'a try in vain', ({ attempts, tier }) => tier === 0 && attempts > 0);
    later(10_000);
    await told(alarm, 'the page', (one) => one.tier === 1 && one.state === 'sent');
    const untaken = await here.server.get<UntakenList>('/api/calls/untaken');
    const [lost] = untaken.notifications.filter(({ alarmId }) => alarmId === alarm.alarmId);
    assert.match(lost?.fault ?? '', /answered 500/);
    await says(/not taken/);
    sms.answer = 200;
    later(31_000);
    await told(alarm, 'the text', (one) => one.tier === 0 && one.state === 'sent');
    const mine = sms.seen.filter(of(await timeline(alarm)));
    assert.ok(mine.length >= 3);
    const ids = mine.map(({ headers }) => headers['webhook-id']);
    const rounds = new Set(mine.map(({ data }) => data.round));
    assert.equal(new Set(ids).size, rounds.size, 'a round has one id, however often it is sent');
    await acknowledge(alarm);
  });

  test('one that hangs keeps nobody else waiting, and one that is down is reached when it is back', async () => {
    const both = [
      { kind: 'gateway', gateway: 'sms' },
      { kind: 'gateway', gateway: 'pager' },
    ];
    await policy([{ ...toPager, who: both, ...AT_ONCE }]);
    sms.answer = 'never';
    const alarm = await raise();
    await told(alarm, 'the page', (one) => one.channel === 'gateway/pager' && one.state === 'sent');
    await acknowledge(alarm);
    sms.answer = 200;
    await pager.close();
    const next = await raise();
    await told(next, 'a try in vain', ({ fault }) => /cannot be reached/.test(fault ?? ''));
    await pager.open();
    await eventually('the page', async () => {
      later(1_000);
      return (await timeline(next)).notifications.find(
        (one) => one.channel === 'gateway/pager' && one.state === 'sent',
      );
    });
    await acknowledge(next);
  });

  test('a key that is pressed holds the calls for a while; the alarm is owed until it is acknowledged', async () => {
    await policy([{ ...toPager, ...AT_ONCE }]);
    const alarm = await raise();
    const page = await told(alarm, 'the page', ({ state }) => state === 'sent');
    const call = pager.taken.find(({ data }) => data.id === page.id);
    const answer = (token: string) =>
      fetch(`${here.server.url}/api/calls/${page.id}/answer`, {
        ...{ method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ token }) },
      });
    assert.equal((await answer('not the token')).status, 403);
    const answered = (await (await answer(call?.data.answer?.token ?? '')).json()) as CallAnswered;
    assert.equal(answered.isOwed, true);
    later(2 * MINUTE_MS);
    const again = (await (await answer(call?.data.answer?.token ?? '')).json()) as CallAnswered;
    assert.equal(again.heldUntil, answered.heldUntil, 'an answer is good once');
    const other = await raise();
    await told(other, 'another page', ({ state }) => state === 'sent');
    assert.deepEqual(
      (await timeline(alarm)).notifications.map(({ round }) => round),
      [1],
    );
    assert.notEqual((await timeline(alarm)).notifications[0]?.answered, null);
    later(2 * MINUTE_MS);
    await told(alarm, 'the next round', ({ round, state }) => round === 2 && state === 'sent');
    for (const one of [alarm, other]) await acknowledge(one);
  });

  test('an address that a relay refuses is told, and the next tier is called at once', async () => {
    await policy([toNurse, toPager]);
    mails.answer = 550;
    const alarm = await raise();
    const refused = await told(alarm, 'the refusal', ({ state }) => state === 'refused');
    assert.match(refused.fault ?? '', /550/);
    await told(alarm, 'the page', (one) => one.tier === 1 && one.state === 'sent');
    await acknowledge(alarm);
  });

  test('who hands over is called no more; nobody leaves a duty empty without saying so', async () => {
    const addresses = { mail: 'chief@ward.example', number: null };
    await ask(chief, 'PUT', '/api/me/calling', addresses);
    const before = await here.server.get<Roster>('/api/roster');
    const [mine] = before.turns;
    assert.ok(mine !== undefined);
    assert.equal((await ask(nurse, 'POST', `/api/roster/${mine.id}/end`, {})).status, 409);
    const turn = await on(chief, { after: mine.id });
    assert.equal(turn.isReached, true);
    const { turns } = await here.server.get<Roster>('/api/roster');
    assert.deepEqual(
      turns.map(({ id }) => id),
      [turn.id],
    );
    assert.equal((await ask(nurse, 'POST', `/api/roster/${turn.id}/end`, {})).status, 404);
    const alarm = await raise();
    const mail = await told(alarm, 'the mail', ({ state }) => state === 'sent');
    assert.equal(mail.recipient, `account/${chief.accountId}`);
    await acknowledge(alarm);
    const end = await ask(chief, 'POST', `/api/roster/${turn.id}/end`, { even: 'nobody' });
    assert.equal(end.status, 204);
    const empty = await raise();
    await told(empty, 'the page', (one) => one.tier === 1 && one.state === 'sent');
    assert.deepEqual((await here.server.get<Roster>('/api/roster')).empty, ['ward-nurse']);
    await acknowledge(empty);
  });

  test('where nobody can be reached it is said at once', async () => {
    const nobody = { kind: 'account', accountId: (await signedIn(here, ['nurse'])).accountId };
    const answer = await put([{ ...toNurse, who: [nobody] }]);
    assert.match(await answer.text(), /can be reached by none of its channels/);
    const alarm = await raise();
    await eventually('the word', async () => (await timeline(alarm)).unreachedSince ?? undefined);
    assert.equal((await here.server.get<CallingView>('/api/calling')).unreached, 1);
    await says(/reach nobody/);
    await policy([{ ...toPager, ...AT_ONCE }]);
    await told(alarm, 'the page by the new policy', ({ state }) => state === 'sent');
    await acknowledge(alarm);
  });

  for (const byMs of [-HOUR_MS, HOUR_MS])
    test(`a clock that is turned by ${byMs / HOUR_MS} h misses no alarm and calls nobody twice by one round`, async () => {
      await policy([toNurse, { ...toPager, ...AT_ONCE }]);
      const alarm = await raise();
      await told(alarm, 'the page', ({ state }) => state === 'sent');
      later(byMs);
      for (let minute = 0; minute < 2; minute += 1) {
        const { notifications } = await timeline(alarm);
        const last = Math.max(...notifications.map(({ round }) => round));
        await eventually('the next round', async () => {
          later(5_000);
          return (await timeline(alarm)).notifications.find(
            ({ round, state }) => round > last && state === 'sent',
          );
        });
      }
      const next = await raise();
      await told(next, 'its page', ({ state }) => state === 'sent');
      const { notifications } = await timeline(alarm);
      const keys = notifications.map((one) =>
        [one.tier, one.round, one.recipient, one.channel].join(),
      );
      assert.equal(new Set(keys).size, keys.length);
      const mine = pager.taken.filter(of(await timeline(alarm)));
      assert.equal(new Set(mine.map(({ data }) => data.id)).size, mine.length);
      for (const one of [alarm, next]) await acknowledge(one);
    });

  test('a person tries how they are called', async () => {
    const answer = await ask(nurse, 'POST', '/api/me/calling/test');
    const { tried } = (await answer.json()) as { tried: { channel: string; ok: boolean }[] };
    assert.deepEqual(
      tried.map(({ channel, ok }) => [channel, ok]),
      [
        ['mail', true],
        ['gateway/pager', true],
        ['gateway/sms', true],
      ],
    );
    assert.equal(pager.taken.at(-1)?.type, 'call.test');
    assert.equal(pager.taken.at(-1)?.data.to, '+49 30 1234');
  });

  test('nothing went wrong meanwhile', () => {
    assert.deepEqual(here.problems, []);
  });
});

/** What the server does each second it does ten times as often: its time is turned by the test. */
function quickly(periodMs: number, run: () => void): () => void {
  const timer = setInterval(run, periodMs === 1_000 ? 100 : periodMs);
  return () => clearInterval(timer);
}

function signatureOf({ headers, text }: GatewayReceiver['taken'][number]): string {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}
