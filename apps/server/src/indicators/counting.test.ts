import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { MovesUnderWay } from '../devices/moves-under-way.ts';
import { type CountingPorts, countAll } from './counting.ts';

const PERIOD = { fromMs: 0, untilMs: 86_400_000 };
const MOVE = {
  ...{ id: 'move', deviceId: 'watch' as DeviceId, ...PERIOD },
  ...{ fromSubjectId: 'one' as SubjectId, toSubjectId: 'another' as SubjectId },
};

test('while readings are on their way to another record, and where they arrive meanwhile, nothing is counted', async () => {
  await using database = await freshDatabase();
  const organisationId = randomUUID() as OrganisationId;
  const moves = new MovesUnderWay();
  const counted = (meanwhile: () => void = () => undefined) => {
    const read: CountingPorts['read'] = async (of, work) => {
      meanwhile();
      return await database.read(of, work);
    };
    const ports: CountingPorts = {
      registry: { subjects: new Map(), seriesOfSubject: () => [], moves },
      telemetry: {
        async *windows() {
          yield [];
        },
      },
      isCounted: () => true,
      ...{ read, usedFor: (id) => id, pause: () => Promise.resolve(), isClosed: () => false },
    };
    return countAll(ports, organisationId, PERIOD);
  };
  assert.equal((await counted())?.patients, 0);
  assert.equal(await counted(() => moves.add([MOVE])), undefined);
  assert.equal(await counted(), undefined);
  assert.equal(await counted(() => moves.end(MOVE.id)), undefined);
  assert.equal((await counted())?.patients, 0);
});
