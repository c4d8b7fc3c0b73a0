import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, ok } from '@ausculta/vitals/fault';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { RegisteredDevice } from '../devices/known-device.ts';
import type { Change } from '../reattribution/wearing.ts';
import type { Pending, Stay } from './census.ts';
import { finishAll } from './merge-moves.ts';

const [OLD, KEPT, OTHER] = ['old', 'kept', 'other'] as SubjectId[] as [
  SubjectId,
  SubjectId,
  SubjectId,
];
const ORGANISATION = 'o' as OrganisationId;

type Wearing = readonly [who: SubjectId, fromMs: number, untilMs?: number];

/** A device with this history; an act gives a span to somebody, unless it is refused. */
function deviceOf(wearing: readonly Wearing[]): RegisteredDevice {
  const id = 'patch' as DeviceId;
  const tokenHash = new Uint8Array();
  const device = new RegisteredDevice({ id, organisationId: ORGANISATION, model: '', tokenHash });
  for (const [subjectId, fromMs, untilMs] of wearing) {
    const placement = { organisationId: ORGANISATION, subjectId, partition: 0 };
    device.addWearer({ deviceId: id, subjectId, fromMs, untilMs }, placement);
  }
  return device;
}

async function finish(
  wearing: readonly Wearing[],
  spans: Pending['spans'],
  isRefused = false,
): Promise<{ changes: Change[]; kept: Stay[]; problems: unknown[] }> {
  const changes: Change[] = [];
  const kept: Stay[] = [];
  const problems: unknown[] = [];
  const stay: Stay = {
    subjectId: OLD,
    organisationId: ORGANISATION,
    isUnknown: false,
    place: undefined,
    pending: { from: OLD, to: KEPT, spans },
  };
  await finishAll({
    registry: { devices: new Map([['patch', deviceOf(wearing)]]) },
    stays: {
      census: { unfinished: () => [stay] },
      keep: async (done) => void kept.push(done),
    },
    merges: {
      correct: async (_, __, change) => {
        if (isRefused) return fail('LEGAL_HOLD');
        changes.push(change);
        return ok(undefined);
      },
    },
    onProblem: (_, error) => problems.push(error),
  });
  return { changes, kept, problems };
}

const span = (fromMs: number, untilMs?: number) => ({ deviceId: 'patch', fromMs, untilMs });
const to = (fromMs: number, untilMs: number): Change => ({ fromMs, untilMs, subjectId: KEPT });

const CASES: [string, Wearing[], Pending['spans'], Change[]][] = [
  ['all that it wore moves', [[OLD, 10, 20]], [span(10, 20)], [to(10, 20)]],
  [
    'what it wears still moves for ever',
    [[OLD, 10]],
    [span(10)],
    [to(10, Number.POSITIVE_INFINITY)],
  ],
  ['what is done already does not move', [[KEPT, 10, 20]], [span(10, 20)], []],
  [
    'a crash in between leaves the rest',
    [
      [KEPT, 10, 20],
      [OLD, 30, 40],
    ],
    [span(10, 20), span(30, 40)],
    [to(30, 40)],
  ],
  ['what was somebody else’s stays theirs', [[OTHER, 10, 20]], [span(10, 20)], []],
  [
    'nothing moves that was worn outside of the spans',
    [[OLD, 10, 50]],
    [span(20, 30)],
    [to(20, 30)],
  ],
  ['a device that is gone', [], [{ deviceId: 'gone', fromMs: 10, untilMs: 20 }], []],
];
for (const [name, wearing, spans, expected] of CASES) {
  test(`when records become one, ${name}`, async () => {
    const { changes, kept, problems } = await finish(wearing, spans);
    assert.deepEqual(changes, expected);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      kept.map(({ pending }) => pending),
      [undefined],
    );
  });
}

test('what could not be moved stays written down, and is told of', async () => {
  const { kept, problems } = await finish([[OLD, 10, 20]], [span(10, 20)], true);
  assert.deepEqual([kept, problems.length], [[], 1]);
});
