import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import fc from 'fast-check';
import type { LogEntry } from '../line/entry.ts';
import { GroupCommit } from './group-commit.ts';

function entry(id: number): LogEntry {
  return {
    kind: 'event',
    partition: id % 256,
    receivedMs: 0,
    offsetMs: 0,
    organisationId: 'o' as OrganisationId,
    subjectId: 's' as SubjectId,
    deviceId: 'd' as DeviceId,
    id: String(id),
    event: { kind: 'button', flags: 0 },
  };
}

/** A store and a clock that the test turns by hand. */
function bench(lastSequence = 0) {
  const timers: (() => void)[] = [];
  const delaysMs: number[] = [];
  const clock = { nowMs: 1_000 };
  const writes: { entries: LogEntry[]; sequence: number; finish: (error?: Error) => void }[] = [];
  const durable: string[] = [];
  const failures: unknown[] = [];
  const commit = new GroupCommit(
    {
      nowMs: () => clock.nowMs,
      after: (delayMs, run) => {
        delaysMs.push(delayMs);
        timers.push(run);
      },
      onDurable: (entries) => {
        for (const e of entries) durable.push(e.kind === 'event' ? e.id : '');
      },
      onFailure: (error) => failures.push(error),
      write: ({ entries, sequence }) =>
        new Promise((resolve, reject) => {
          const finish = (error?: Error): void => (error === undefined ? resolve() : reject(error));
          writes.push({ entries, sequence, finish });
        }),
    },
    lastSequence,
  );
  const tick = async (): Promise<void> => {
    for (const run of timers.splice(0)) run();
    await settle();
  };
  return { commit, timers, delaysMs, clock, writes, durable, failures, tick };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a device is answered only after its commit has returned', async () => {
  const { commit, writes, durable, tick } = bench(41);
  let answered = false;
  commit.append([entry(1)], () => {
    answered = true;
  });
  await tick();
  assert.equal(writes.length, 1);
  assert.equal(writes[0]?.sequence, 42);
  assert.equal(answered, false);
  writes[0]?.finish();
  await settle();
  assert.equal(answered, true);
  assert.deepEqual(durable, ['1']);
});

test('one commit is in flight, and what gathers meanwhile goes as the next', async () => {
  const { commit, writes, tick } = bench();
  commit.append([entry(1)], () => {});
  await tick();
  commit.append([entry(2)], () => {});
  await tick();
  commit.append([entry(3)], () => {});
  await tick();
  assert.equal(writes.length, 1);
  writes[0]?.finish();
  await settle();
  await tick();
  assert.equal(writes.length, 2);
  assert.equal(writes[1]?.entries.length, 2);
  assert.equal(writes[1]?.sequence, 2);
});

test('a commit whose answer was lost is written again under the same sequence', async () => {
  const { commit, writes, failures, tick } = bench();
  let faults = 0;
  commit.append([entry(1)], (fault) => {
    if (fault !== undefined) faults += 1;
  });
  await tick();
  writes[0]?.finish(new Error('connection lost'));
  await settle();
  assert.equal(failures.length, 1);
  await tick();
  assert.equal(writes[1]?.sequence, 1);
  writes[1]?.finish();
  await settle();
  assert.equal(faults, 0);
  assert.equal(commit.sequence, 1);
});

test('closing waits for what was accepted and refuses what comes after', async () => {
  const { commit, writes } = bench();
  commit.append([entry(1)], () => {});
  let closed = false;
  const closing = commit.close().then(() => {
    closed = true;
  });
  commit.append([entry(2)], (fault) => assert.equal(fault?.code, 'STORE_UNAVAILABLE'));
  await settle();
  assert.equal(closed, false);
  writes[0]?.finish();
  await closing;
  assert.equal(writes.length, 1);
});

test('whatever the interleaving, entries become durable once each and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('append', 'tick', 'finish', 'fail'), { maxLength: 60 }),
      async (steps) => {
        const { commit, writes, durable, tick } = bench();
        let sent = 0;
        const answered: number[] = [];
        for (const step of steps) {
          if (step === 'append') {
            const id = sent++;
            commit.append([entry(id)], () => answered.push(id));
          }
          if (step === 'tick') await tick();
          if (step === 'finish') writes.at(-1)?.finish();
          if (step === 'fail') writes.at(-1)?.finish(new Error('no'));
          await settle();
        }
        const closing = commit.close();
        for (let i = 0; i < 100 && answered.length < sent; i += 1) {
          await tick();
          writes.at(-1)?.finish();
          await settle();
        }
        await closing;
        const expected = Array.from({ length: sent }, (_, i) => i);
        assert.deepEqual(answered, expected);
        assert.deepEqual(durable.map(Number), expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('how old the oldest is that is not yet durable: of the commit in flight, else of what gathers', async () => {
  let nowMs = 100;
  let finish = (): void => {};
  const timers: (() => void)[] = [];
  const commit = new GroupCommit(
    {
      nowMs: () => nowMs,
      after: (_, run) => timers.push(run),
      onDurable: () => {},
      onFailure: () => {},
      write: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    },
    0,
  );
  assert.equal(commit.oldestMs, undefined);
  commit.append([entry(1)], () => {});
  assert.equal(commit.oldestMs, 100);
  for (const run of timers.splice(0)) run();
  nowMs = 200;
  commit.append([entry(2)], () => {});
  nowMs = 5_000;
  assert.equal(commit.oldestMs, 100);
  finish();
  await settle();
  assert.equal(commit.oldestMs, 200, 'it gathered while the first commit was slow');
  for (const run of timers.splice(0)) run();
  finish();
  await settle();
  assert.equal(commit.oldestMs, undefined);
});

test('an entry alone: what came before it is committed first, what comes after it later, all are answered', async () => {
  const { commit, writes, durable, tick } = bench();
  const answered: number[] = [];
  const append = (id: number): boolean => commit.append([entry(id)], () => answered.push(id));
  append(1);
  await tick();
  append(2);
  commit.appendAlone(entry(3), () => answered.push(3));
  append(4);
  assert.deepEqual(
    commit.pending().map((e) => (e.kind === 'event' ? e.id : '')),
    ['1', '2', '3', '4'],
  );
  for (let at = 0; at < 4; at += 1) {
    assert.equal(writes.length, at + 1);
    writes[at]?.finish();
    await tick();
  }
  assert.deepEqual(
    writes.map(({ entries, sequence }) => [sequence, entries.length]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  );
  assert.deepEqual(durable, ['1', '2', '3', '4']);
  assert.deepEqual(answered, [1, 2, 3, 4]);
  assert.equal(commit.oldestMs, undefined);
});

test('an entry alone has room where nothing else has, and none once the lane is closed', async () => {
  const { commit, writes, tick } = bench();
  const faults: unknown[] = [];
  const many = Array.from({ length: 200_000 }, (_, id) => entry(id));
  commit.append(many, () => {});
  commit.append(many, () => {});
  assert.equal(
    commit.append([entry(1)], (fault) => faults.push(fault?.code)),
    false,
  );
  commit.appendAlone(entry(2), (fault) => faults.push(fault?.code));
  const closed = commit.close();
  commit.appendAlone(entry(3), (fault) => faults.push(fault?.code));
  assert.deepEqual(faults, ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  for (let at = 0; at < writes.length; at += 1) {
    writes[at]?.finish();
    await tick();
  }
  await closed;
  assert.equal(writes.at(-1)?.entries.length, 1);
  assert.deepEqual(faults, ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', undefined]);
});

test('a message waits for company only where the last commit has just begun', async () => {
  const { commit, delaysMs, clock, writes, tick } = bench();
  const send = async (id: number, atMs: number) => {
    clock.nowMs = atMs;
    commit.append([entry(id)], () => undefined);
    await tick();
    writes.at(-1)?.finish();
    await settle();
  };
  await send(1, 1_000);
  await send(2, 1_001);
  await send(3, 1_003);
  await send(4, 1_008);
  // The clock was set back: as if the last commit had begun now.
  await send(5, 500);
  assert.deepEqual(delaysMs, [0, 2, 1, 0, 3]);
  assert.equal(writes.length, 5);
});
