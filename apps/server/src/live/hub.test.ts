import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import type { AlarmView } from '@ausculta/contract/alarms';
import { type DegradedReason, FRAME_INTERVAL_MS, LiveNotice } from '@ausculta/contract/live';
import { decodeFrame } from '@ausculta/contract/live-frame';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import {
  NOON,
  ORGANISATION,
  ramp,
  runSample,
  seriesSample,
  subjectId,
} from '../../../../tests/support/line.ts';
import { Heads } from '../telemetry/heads.ts';
import { type HubPorts, LiveHub } from './hub.ts';
import type { LiveSocket, Viewer } from './viewer.ts';

const SEES_ALL = {
  sees: () => true,
  seesAlarmsOf: () => true,
  seesBedOf: () => false,
  seesMetric: () => true,
  spanOf: () => undefined,
};

const RATE = seriesSample({ id: 1 });
const LEAD = seriesSample({ id: 2, metric: 'ecg-ii' });
const FOREIGN = '00000000-0000-4000-8000-000000000002' as OrganisationId;

/** A browser: it reads everything at once, or nothing at all. */
class Browser implements LiveSocket {
  readonly frames: Uint8Array[] = [];
  isReading = true;
  isClosed = false;
  #unread = 0;

  send(frame: Uint8Array): void {
    this.frames.push(frame);
    if (!this.isReading) this.#unread += frame.length;
  }

  bufferedBytes = (): number => this.#unread;

  close = (): void => {
    this.isClosed = true;
  };

  readOn(): void {
    this.isReading = true;
    this.#unread = 0;
  }

  /** What has come since the last call. */
  take() {
    const frames = this.frames.splice(0).map((frame) => {
      const decoded = decodeFrame(frame);
      assert.ok(decoded !== undefined);
      return decoded;
    });
    const notices = frames.flatMap(({ noticesJson }) =>
      noticesJson === '' ? [] : (JSON.parse(noticesJson) as unknown[]),
    );
    const runs = frames.flatMap(({ waveforms }) =>
      waveforms.flatMap(({ block }) => {
        const decoded = decodeRuns(block, NO_COMPRESSION);
        assert.ok(decoded.ok);
        return decoded.value;
      }),
    );
    return {
      frames,
      notices: notices.map((notice) => LiveNotice.parse(notice)),
      values: frames.flatMap(({ numerics }) => numerics.map(({ value }) => value)),
      samples: runs.flatMap((run) => [...run.samples]),
    };
  }
}

type Said = Partial<Pick<HubPorts, 'degraded' | 'watchdog'>>;

function open(ports: Said & { alarms?: AlarmView[] } = {}) {
  const heads = new Heads();
  const hub = new LiveHub({
    heads,
    nowMs: () => NOON,
    maySee: (organisationId) => organisationId === ORGANISATION,
    openAlarms: (id) => (ports.alarms ?? []).filter((alarm) => alarm.subjectId === id),
    watchdog: ports.watchdog ?? (() => ({ isEnrolled: false, checkedMs: null, isStuck: false })),
    degraded: ports.degraded ?? (() => ({ sinceMs: null, reason: 'stalled' })),
  });
  const join = (
    subjects: SubjectId[] = [subjectId(1)],
    organisationId = ORGANISATION,
  ): [Browser, Viewer] => {
    const browser = new Browser();
    const viewer = hub.join(organisationId, SEES_ALL, {
      send: (frame) => browser.send(frame),
      bufferedBytes: browser.bufferedBytes,
      close: browser.close,
    });
    hub.subscribe(viewer, { type: 'subscribe', subjects });
    return [browser, viewer];
  };
  const measure = (second: number): void => {
    heads.insertReading(RATE, { stampMs: NOON + second * 1000, value: second, flags: 0 }, 0);
    heads.insertRun(
      LEAD,
      runSample({ startMs: NOON + second * 1000, samples: ramp(second * 100, 100) }),
      0,
    );
  };
  return { heads, hub, join, measure };
}

function alarmOf(number: number): AlarmView {
  return {
    id: `limit/heart-rate/high@${number}`,
    subjectId: subjectId(1),
    ruleKey: 'limit/heart-rate/high',
    metric: 'heart-rate',
    priority: 'high',
    condition: 'present',
    episode: 'raised',
    direction: 'high',
    limit: 131,
    unit: '/min',
    openingValue: 140,
    extremeValue: 150,
    openedMs: number,
    raisedMs: number,
    conditionEndedMs: null,
    acknowledgedMs: null,
    acknowledgedBy: null,
    notYetStored: false,
  };
}

test('a new viewer gets a snapshot: numbers, the last sweep, open alarms; then only what changes', () => {
  const { hub, join, measure } = open({ alarms: [alarmOf(1)] });
  for (let second = 0; second < 12; second += 1) measure(second);
  const [browser] = join();
  hub.beat();
  const first = browser.take();
  assert.deepEqual(first.values, [11]);
  assert.deepEqual(first.samples.slice(-100), [...ramp(1100, 100)]);
  assert.ok(
    first.samples.length >= 800 && first.samples.length <= 900,
    'eight seconds, whole runs',
  );
  assert.deepEqual(
    first.notices.map(({ type }) => type),
    ['names', 'subscribed', 'alarms'],
  );
  hub.beat();
  const quiet = browser.take();
  assert.deepEqual(
    [quiet.frames.length, quiet.values, quiet.samples, quiet.notices],
    [1, [], [], []],
    'a heartbeat',
  );
  measure(12);
  hub.beat();
  const next = browser.take();
  assert.deepEqual([next.values, next.samples, next.notices], [[12], [...ramp(1200, 100)], []]);
});

test('a browser that does not read gets fewer frames; its numbers arrive later, lost samples are said', () => {
  const { hub, join, measure } = open();
  const [browser] = join();
  hub.beat();
  browser.take();
  browser.isReading = false;
  let beats = 0;
  while (browser.bufferedBytes() <= 256 * 1024) {
    measure(beats);
    hub.beat();
    beats += 1;
    assert.ok(beats < 20_000, 'it is full in the end');
  }
  browser.take();
  const before = browser.bufferedBytes();
  for (let second = beats; second < beats + 20; second += 1) {
    measure(second);
    hub.beat();
  }
  assert.equal(browser.bufferedBytes(), before, 'nothing more is queued');
  browser.readOn();
  measure(beats + 20);
  hub.beat();
  const caught = browser.take();
  assert.deepEqual(caught.values, [beats + 20], 'the newest number');
  assert.deepEqual(caught.samples, [...ramp((beats + 20) * 100, 100)], 'and what is live');
  assert.deepEqual(caught.notices, [{ type: 'dropped', waveformMs: 20 * FRAME_INTERVAL_MS }]);
});

test('the last number before a silence is not lost to a slow browser', () => {
  const { hub, join, measure } = open();
  const [browser] = join();
  browser.isReading = false;
  browser.send(new Uint8Array(300 * 1024));
  measure(1);
  hub.beat();
  hub.beat();
  browser.frames.length = 0;
  browser.readOn();
  hub.beat();
  assert.deepEqual(browser.take().values, [1]);
});

test('alarms go at once, even to a browser that is behind; one that is lost is closed, never a growing buffer', () => {
  const { hub, join } = open();
  const [browser] = join();
  hub.beat();
  browser.take();
  hub.publishAlarm(subjectId(1), alarmOf(1));
  assert.deepEqual(browser.take().notices, [{ type: 'alarms', alarms: [alarmOf(1)] }]);
  browser.isReading = false;
  browser.send(new Uint8Array(300 * 1024));
  browser.frames.length = 0;
  hub.publishAlarm(subjectId(1), alarmOf(2));
  assert.deepEqual(browser.take().notices, [{ type: 'alarms', alarms: [alarmOf(2)] }]);
  for (let i = 0; i < 5_000; i += 1) hub.publishAlarm(subjectId(1), alarmOf(i));
  assert.ok(browser.isClosed);
  assert.ok(browser.bufferedBytes() < 1.1 * 1024 * 1024);
  assert.equal(hub.viewerCount, 0);
});

test('who may see somebody and does not watch them is told of their alarm, so as to ask for them', () => {
  const { hub, join } = open();
  const [browser] = join([]);
  hub.beat();
  browser.take();
  hub.publishAlarm(subjectId(1), alarmOf(1));
  assert.deepEqual(browser.take().notices, [{ type: 'elsewhere', subjects: [subjectId(1)] }]);
  hub.publishAlarm(subjectId(1), { ...alarmOf(1), episode: 'acknowledged' });
  assert.deepEqual(browser.take().notices, []);
});

test('one slow browser holds up nobody else', () => {
  const { hub, join, measure } = open();
  const [slow] = join();
  const [quick] = join();
  slow.isReading = false;
  slow.send(new Uint8Array(300 * 1024));
  measure(1);
  hub.beat();
  assert.deepEqual(quick.take().values, [1]);
});

test('subjects of another organisation, and ids that are none, are refused and never sent', () => {
  const { hub, join, measure } = open({ alarms: [alarmOf(1)] });
  measure(1);
  const [stranger] = join([subjectId(1), 'nonsense' as SubjectId], FOREIGN);
  hub.beat();
  hub.publishAlarm(subjectId(1), alarmOf(2));
  measure(2);
  hub.beat();
  const { values, samples, notices } = stranger.take();
  assert.deepEqual([values, samples], [[], []]);
  assert.deepEqual(notices, [
    { type: 'subscribed', subjects: [], refused: [subjectId(1), 'nonsense'] },
  ]);
});

test('a new subscription replaces the old one; a subject that stays is not sent anew', () => {
  const { heads, hub, join, measure } = open();
  const other = seriesSample({ id: 3, subject: 2 });
  measure(1);
  heads.insertReading(other, { stampMs: NOON, value: 99, flags: 0 }, 0);
  const [browser, viewer] = join();
  hub.beat();
  browser.take();
  hub.subscribe(viewer, {
    type: 'subscribe',
    subjects: [subjectId(1), subjectId(2)],
    waveforms: [],
  });
  hub.beat();
  assert.deepEqual(browser.take().values, [99]);
  hub.subscribe(viewer, { type: 'subscribe', subjects: [subjectId(2)] });
  measure(2);
  hub.beat();
  const after = browser.take();
  assert.deepEqual([after.values, after.samples], [[], []]);
});

test('only the waveforms that were asked for are sent; for none, numbers alone', () => {
  const { hub, join, measure } = open();
  const [browser, viewer] = join();
  hub.subscribe(viewer, { type: 'subscribe', subjects: [subjectId(1)], waveforms: ['pleth'] });
  measure(1);
  hub.beat();
  const { values, samples } = browser.take();
  assert.deepEqual([values, samples], [[1], []]);
});

test('that monitoring is degraded is said once, and once that it is over', () => {
  let sinceMs: number | null = null;
  let reason: DegradedReason = 'stalled';
  const { hub, join } = open({ degraded: () => ({ sinceMs, reason }) });
  const [browser] = join();
  hub.beat();
  browser.take();
  sinceMs = NOON;
  hub.beat();
  hub.beat();
  const notice = { type: 'degraded', since: NOON };
  assert.deepEqual(browser.take().notices, [{ ...notice, reason }]);
  reason = 'full';
  hub.beat();
  assert.deepEqual(browser.take().notices, [{ ...notice, reason }], 'the reason has changed');
  sinceMs = null;
  hub.beat();
  assert.deepEqual(browser.take().notices, [{ ...notice, since: null, reason }]);
});

test('that a watchdog has looked is said each time, and nothing where there is none', () => {
  let told: ReturnType<HubPorts['watchdog']> = {
    isEnrolled: false,
    checkedMs: null,
    isStuck: false,
  };
  const { hub, join } = open({ watchdog: () => told });
  const [browser] = join();
  hub.beat();
  for (const checkedMs of [null, NOON, NOON, NOON + 10_000]) {
    told = { isEnrolled: true, checkedMs, isStuck: false };
    hub.beat();
  }
  const said = browser.take().notices.flatMap((one) => (one.type === 'watchdog' ? one : []));
  const times = said.map(({ checkedMs }) => checkedMs);
  assert.deepEqual(times, [null, NOON, NOON + 10_000]);
});

test('a screen that loses sight of somebody for a moment watches them again, with their open alarms', () => {
  const alarms: AlarmView[] = [];
  const { hub, measure } = open({ alarms });
  const browser = new Browser();
  let isSeen = true;
  const sight = { ...SEES_ALL, sees: () => isSeen, seesAlarmsOf: () => isSeen };
  const viewer = hub.join(ORGANISATION, sight, browser);
  hub.subscribe(viewer, { type: 'subscribe', subjects: [subjectId(1)] });
  measure(1);
  hub.beat();
  assert.deepEqual(browser.take().values, [1]);
  isSeen = false;
  hub.review();
  measure(2);
  alarms.push(alarmOf(1));
  hub.publishAlarm(subjectId(1), alarmOf(1));
  hub.beat();
  const lost = browser.take();
  assert.deepEqual(lost.values, []);
  assert.deepEqual(lost.notices, [{ type: 'cleared', subjects: [subjectId(1)], isWhole: true }]);
  isSeen = true;
  hub.review();
  hub.beat();
  const again = browser.take();
  assert.deepEqual(again.values, [2]);
  assert.deepEqual(
    again.notices.filter(({ type }) => type === 'alarms'),
    [{ type: 'alarms', alarms: [alarmOf(1)] }],
  );
});

test('a wall display is told that a bed has an alarm, under one name for its life, and never which', () => {
  const { hub } = open({ alarms: [alarmOf(1)] });
  const browser = new Browser();
  const blind = { ...SEES_ALL, sees: () => false, seesAlarmsOf: () => false };
  const sight = { ...blind, seesBedOf: () => true, seesMetric: () => false };
  const wall = hub.join(ORGANISATION, sight, browser);
  hub.subscribe(wall, { type: 'subscribe', subjects: [subjectId(1)] });
  hub.beat();
  hub.publishAlarm(subjectId(1), { ...alarmOf(2), id: 'limit/spo2/low@7', priority: 'medium' });
  hub.publishAlarm(subjectId(1), { ...alarmOf(1), episode: 'acknowledged', acknowledgedBy: 'Ann' });
  const { notices } = browser.take();
  const told = notices.flatMap((one) => (one.type === 'alarms' ? one.alarms : []));
  assert.deepEqual(
    told.map(({ id, priority, episode }) => [id, priority, episode]),
    [
      ['alarm-here/go-and-look@0', 'high', 'raised'],
      ['alarm-here/go-and-look@1', 'medium', 'raised'],
      ['alarm-here/go-and-look@0', 'high', 'acknowledged'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(told), /heart|spo2|limit\/|131|140|150|Ann/);
  const stranger = new Browser();
  const nobody = hub.join(ORGANISATION, { ...sight, seesBedOf: () => false }, stranger);
  hub.subscribe(nobody, { type: 'subscribe', subjects: [subjectId(1)] });
  hub.publishAlarm(subjectId(1), alarmOf(3));
  hub.beat();
  assert.deepEqual(
    stranger.take().notices.filter(({ type }) => type === 'alarms' || type === 'elsewhere'),
    [],
  );
});
