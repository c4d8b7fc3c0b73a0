/** Protocols of a house in rows, on real PostgreSQL. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ADULT_WARD } from '@ausculta/rules/protocol/library';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { aloneIn } from '../../../../tests/support/lane.ts';
import { createSeal } from '../vault/seal.ts';
import { ProtocolActs } from './acts.ts';
import { Library } from './library.ts';

const organisationId = randomUUID() as OrganisationId;
const who = { organisationId, accountId: undefined };
const NOW = Date.UTC(2026, 10, 23);

test('a ready protocol is kept as it was given, versions go on from there, and a start reads all of it back', async () => {
  await using database = await freshDatabase();
  const { line: sql } = database;
  await sql`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'House')`;
  const seal = createSeal(randomBytes(32), randomBytes);
  const problems: string[] = [];
  const keys = { sealOf: () => seal };
  const ports = { sql, keys, nowMs: () => NOW, onProblem: (what: string) => problems.push(what) };
  const library = await Library.open(ports);
  const given = { inLane: aloneIn(sql), library, keys, organisationSeal: () => seal };
  const acts = new ProtocolActs({ ...given, newId: randomUUID, nowMs: () => NOW });

  await acts.assign(who, { ward: 'ICU' }, { key: 'adult-ward', spo2Scale: 1 });
  const { categories, rules } = ADULT_WARD;
  const own = { key: 'own', categories, rules };
  await Promise.all([acts.write(who, own, 'first'), acts.write(who, own, 'second')]);
  await acts.follow(who, { key: 'own', version: 1, reason: 'better' });
  const subjectId = randomUUID() as SubjectId;
  const override = {
    ruleKey: 'limit/heart-rate/high',
    change: { kind: 'limit', limit: 150 },
    ...{ author: 'Dr Sample', reason: 'known', fromMs: NOW, untilMs: NOW + 1 },
  } as const;
  await acts.override(who, subjectId, override);

  const again = await Library.open(ports);
  assert.deepEqual(again.followedOf(organisationId, 'adult-ward'), ADULT_WARD);
  const shelf = again.shelfOf(organisationId, 'own');
  assert.deepEqual([shelf?.followed, shelf?.versions.map(({ version }) => version)], [1, [1, 2]]);
  assert.deepEqual(again.assignments(organisationId), library.assignments(organisationId));
  assert.deepEqual(again.overridesOf(subjectId), library.overridesOf(subjectId));
  assert.deepEqual(problems, []);
  const changed = await sql`
    UPDATE protocol_version SET reason = 'otherwise' WHERE organisation_id = ${organisationId}
    RETURNING 1`;
  assert.equal(changed.length, 0, 'nobody changes a version');
});
