// A viewer goes with the request: through what it waits for, and not into what is done for all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { asOrganisation } from './pool.ts';
import { inView, type RowsSeen, type Viewing, viewAs, viewAsPlatform, viewing } from './viewing.ts';

const OURS = '0e11a5b0-0000-4000-8000-000000000001';
const ADA = '0e11a5b0-0000-4000-8000-00000000000a';
const BEN = '0e11a5b0-0000-4000-8000-00000000000b';

const viewerOf = (rows: RowsSeen | undefined): Viewing => ({
  rows: () => rows,
  sees: () => true,
  finds: () => true,
  seesAllOf: () => true,
  seesAlarmsOf: () => true,
  seesMetric: () => true,
  spanOf: () => undefined,
  seesDocument: () => true,
  audited: () => undefined,
  mayWrite: () => true,
  speaksForDevices: () => true,
  scopes: undefined,
});

test('two requests at once each have their own viewer, and the platform has none', async () => {
  const [one, other] = [viewerOf(undefined), viewerOf({ hidden: [] })];
  const seen = await Promise.all(
    [one, other].map((viewer) =>
      viewAs(viewer, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return [viewing() === viewer, viewAsPlatform(() => viewing())];
      }),
    ),
  );
  assert.deepEqual(seen, [
    [true, undefined],
    [true, undefined],
  ]);
  assert.equal(viewing(), undefined);
});

test('what is told piece by piece is told for whom it was begun, whoever asks for the next piece', async () => {
  const viewer = viewerOf(undefined);
  async function* pieces() {
    for (let i = 0; i < 2; i += 1) yield await Promise.resolve(viewing() === viewer);
  }
  const told = viewAs(viewer, () => inView(pieces()));
  const seen: boolean[] = [];
  for await (const one of told) seen.push(one);
  assert.deepEqual(seen, [true, true]);
});

test('what is gathered of several is written in the name of none', async () => {
  const writers: (Viewing | undefined)[] = [];
  const writes = new GatheredWrites<number, number>({
    write: async (parts) => {
      writers.push(viewing());
      return await Promise.resolve(parts);
    },
    weigh: () => 1,
    weightMax: 10,
  });
  const viewer = viewerOf(undefined);
  const answer = await viewAs(viewer, async () => [await writes.write(7), viewing() === viewer]);
  assert.deepEqual(answer, [7, true]);
  assert.deepEqual(writers, [undefined]);
});

test('a transaction finds the rows of whom its viewer may see, and of them what is not kept back', async () => {
  await using database = await freshDatabase();
  await database.line`INSERT INTO organisation (id, name) VALUES (${OURS}, 'Ours')`;
  for (const [doc, type, subject] of [
    [1, 'Condition', ADA],
    [2, 'Condition', BEN],
    [3, 'MedicationRequest', BEN],
    [4, 'Organization', null],
    [5, 'Subscription', null],
  ] as const)
    await database.line`
      INSERT INTO fhir_document (organisation_id, type, id, doc, version, updated_ms, subject_id, sealed, tokens, indexed)
      VALUES (${OURS}, ${type}, ${`d${doc}`}, ${doc}, 1, 1, ${subject}, ${new Uint8Array(40)}, '{}', 1)`;
  const seen = (rows: RowsSeen | undefined) =>
    viewAs(viewerOf(rows), () =>
      asOrganisation(database.people, OURS, async (tx) => {
        const found = await tx<{ doc: number }[]>`SELECT doc FROM fhir_document ORDER BY doc`;
        const [counted] = await tx<
          { count: number }[]
        >`SELECT count(*)::int AS count FROM fhir_document`;
        assert.equal(counted?.count, found.length);
        return found.map(({ doc }) => doc);
      }),
    );
  const types = ['Condition', 'MedicationRequest', 'Organization'];
  const only = (subjects: string[]) => ({ subjects, types, ofNobody: ['Organization'] });
  assert.deepEqual(await seen(undefined), [1, 2, 3, 4, 5]);
  assert.deepEqual(await seen({ hidden: [`${BEN}/Condition`] }), [1, 3, 4, 5]);
  assert.deepEqual(await seen({ only: only([ADA]), hidden: [] }), [1, 4]);
  assert.deepEqual(await seen({ only: only([BEN]), hidden: [`${BEN}/MedicationRequest`] }), [2, 4]);
  assert.deepEqual(await seen({ only: only([]), hidden: [] }), [4]);
  assert.deepEqual(await seen({ only: { subjects: [], types: [], ofNobody: [] }, hidden: [] }), []);
  await assert.rejects(seen({ hidden: ["'} injected"] }), /invariant/);
});
