/** IHE PCD-04 to an alarm manager of the house: which bed has an alarm and how urgent it is, and no more. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CallTimeline, NotificationView } from '@ausculta/contract/calling';
import type { Status } from '@ausculta/contract/status';
import type { SubjectView } from '@ausculta/contract/subjects';
import { type AlarmManagerHere, alarmManager } from './support/alarm-manager.ts';
import { eventually, type ServerHere, startServerHere } from './support/server.ts';

const SECONDS = { high: 0, medium: 0 };
const MINUTE_MS = 60_000;
const HOUR = { high: 3_600, medium: 3_600 };

describe('an alarm manager', () => {
  let manager: AlarmManagerHere;
  let directory: string;
  let here: ServerHere;
  let turnedMs = 0;
  const nowMs = (): number => Date.now() + turnedMs;
  before(async () => {
    manager = await alarmManager();
    directory = await mkdtemp(join(tmpdir(), 'ausculta-manager-'));
    const callingFile = join(directory, 'calling.json');
    const place = { kind: 'pcd-04', host: '127.0.0.1', port: manager.port };
    const gateways = [
      { name: 'manager', ...place, plaintext: true },
      { name: 'secure', ...place },
    ];
    await writeFile(callingFile, JSON.stringify({ gateways }));
    here = await startServerHere({
      config: { callingFile },
      outside: { nowMs },
    });
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    await manager?.[Symbol.asyncDispose]();
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  const put = (gateways: readonly string[], more: object = {}): Promise<Response> => {
    const tiers = gateways.map((gateway) => ({
      ...{ name: gateway, who: [{ kind: 'gateway', gateway }] },
      ...{ afterSeconds: SECONDS, repeatSeconds: HOUR },
    }));
    return here.server.fetch('/api/calling/policy', {
      ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ routes: [{ name: 'All', units: [], tiers, ...more }] }),
    });
  };
  /** Of one whose saturation is well: by a button that was pressed forty minutes ago. */
  const raise = async ({ spo2 = 71 } = {}) => {
    const identity = { familyName: 'Quellwasser', ward: 'ICU', bed: '7', invented: true };
    const body = { category: 'adult', identity };
    const { id } = await here.server.post<SubjectView>('/api/subjects', body);
    const device = await here.server.addDevice(id);
    const measured = () =>
      here.server.send(device, JSON.stringify({ time: nowMs(), values: { spo2 } }));
    await measured();
    if (spo2 > 90) {
      const pressed = JSON.stringify({ kind: 'button', time: nowMs() });
      turnedMs += 40 * MINUTE_MS;
      await measured();
      await here.server.send(device, pressed, 'events');
    }
    const [alarm] = await eventually('an alarm', async () => {
      const alarms = await here.server.alarms(id);
      return alarms.length > 0 ? alarms : undefined;
    });
    const path = `/api/alarms/${encodeURIComponent(alarm?.id ?? '')}/calls?subject=${id}`;
    return { id, path };
  };
  const told = (path: string, what: string, is: (one: NotificationView) => boolean) =>
    eventually(what, async () =>
      (await here.server.get<CallTimeline>(path)).notifications.find(is),
    );

  test('is told the bed and the priority, and not whose it is or what was found', async () => {
    const answer = await put(['manager']);
    assert.match(await answer.text(), /no channel of it proves that a person has heard/);
    const { path } = await raise();
    const sent = await told(path, 'the report', ({ state }) => state === 'sent');
    assert.equal(sent.proof, 'information-only');
    const report = manager.seen.at(-1);
    assert.ok(report !== undefined && report.decoded.kind === 'alerts');
    const { header, groups } = report.decoded;
    assert.deepEqual(
      [header.type, header.trigger, header.structure, header.profile, header.controlId],
      ['ORU', 'R40', 'ORU_R40', 'IHE_PCD_ACM_001', sent.id],
    );
    assert.match(report.text, /\rPV1\|\|I\|ICU\^\^7\^\r/);
    const [alert] = groups.flatMap(({ alerts }) => alerts);
    assert.deepEqual(
      [alert?.priority, alert?.phase, alert?.state, alert?.text],
      ['high', 'start', 'active', 'An alarm waits. Open Ausculta.'],
    );
    assert.doesNotMatch(report.text, /Quellwasser|spo2|SAT|150456|\|71\|/i);
  });

  test('that refuses is asked again with the same id, and says it is no person’s channel', async () => {
    manager.answer = 'refuse';
    const { path } = await raise();
    const untaken = await told(path, 'the refusal', ({ attempts }) => attempts > 0);
    assert.match(untaken.fault ?? '', /answered (AE|CE)/);
    manager.answer = 'take';
    await eventually('the report', async () => {
      turnedMs += 1_000;
      const { notifications } = await here.server.get<CallTimeline>(path);
      return notifications.find(({ state }) => state === 'sent');
    });
    const ids = manager.seen.map(({ decoded }) => decoded.header.controlId);
    assert.ok(ids.filter((id) => id === untaken.id).length >= 2);
  });

  test('that speaks no TLS is told nothing where nobody has said that it may be told in clear', async () => {
    await put(['secure']);
    const before = manager.seen.length;
    const { path } = await raise();
    const untaken = await told(path, 'the failure', ({ attempts, channel }) => {
      return attempts > 0 && channel === 'gateway/secure';
    });
    assert.match(untaken.fault ?? '', /cannot be reached|closed|no answer/);
    assert.equal(manager.seen.length, before);
  });

  test('is told of an alarm whose call was lost when it was written, and no more when its end was', async () => {
    await put(['manager']);
    const { id, path } = await raise();
    await told(path, 'the report', ({ state }) => state === 'sent');
    const { line: sql } = here.database;
    await sql`UPDATE alarm_call SET ended_ms = ${Date.now()} WHERE subject_id = ${id}`;
    turnedMs += 61_000;
    await told(path, 'another round', ({ round, state }) => round === 2 && state === 'sent');
    await sql`UPDATE alarm SET episode = 'acknowledged' WHERE subject_id = ${id}`;
    turnedMs += 61_000;
    await eventually('its end', async () => {
      const ended = await sql`
        SELECT FROM alarm_call WHERE subject_id = ${id} AND ended_ms IS NOT NULL`;
      return ended.length > 0 ? true : undefined;
    });
  });

  test('is told in quiet hours of what was high forty minutes ago, as of a high one', async () => {
    const quiet = { quiet: { from: '00:00', until: '23:59' } };
    await put(['manager'], quiet);
    const { id, path } = await raise({ spo2: 97 });
    const [alarm] = await here.server.alarms(id);
    assert.equal(alarm?.priority, 'medium');
    const sent = await told(path, 'the report', ({ state }) => state === 'sent');
    const report = manager.seen.find(({ decoded }) => decoded.header.controlId === sent.id);
    assert.ok(report?.decoded.kind === 'alerts');
    assert.equal(report.decoded.groups[0]?.alerts[0]?.priority, 'high');
  });

  test('a call that cannot be looked at reaches nobody, and a policy that is not understood calls nobody: it is said', async () => {
    await put(['manager']);
    const { id, path } = await raise();
    await told(path, 'the report', ({ state }) => state === 'sent');
    const { line: sql } = here.database;
    const unreached = async () => (await here.server.get<CallTimeline>(path)).unreachedSince;
    await sql`UPDATE alarm_call SET call = '{', due_ms = 0 WHERE subject_id = ${id}`;
    await eventually('the word', async () => (await unreached()) ?? undefined);
    await sql`UPDATE alarm_call SET call = NULL, due_ms = 0 WHERE subject_id = ${id}`;
    await eventually('its end', async () => ((await unreached()) === null ? true : undefined));

    const [account] = await sql<{ id: string }[]>`SELECT id FROM account LIMIT 1`;
    const there = '00000000-0000-4000-8000-000000000002';
    await sql`INSERT INTO organisation (id, name) VALUES (${there}, 'There')`;
    await sql`
      INSERT INTO call_policy (organisation_id, version, policy, made_ms) VALUES (${there}, 1, '{', 0)`;
    const named = { kind: 'account', accountId: account?.id };
    const tier = { name: 'One', who: [named], channels: ['mail'] };
    const times = { afterSeconds: SECONDS, repeatSeconds: HOUR };
    const answer = await here.server.fetch('/api/calling/policy', {
      ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({
        routes: [{ name: 'All', units: [], tiers: [{ ...tier, ...times }] }],
      }),
    });
    assert.equal(answer.status, 200, await answer.text());
    const { parts } = await here.server.get<Status>('/api/status');
    const part = parts.find(({ name }) => name === 'calling');
    assert.match(part?.detail ?? '', /the policy that says who is not understood/);
    assert.equal(part?.attention, true);
  });
});
