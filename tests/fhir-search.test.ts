/**
 * What the database finds is what each resource by itself says of the question: hundreds of questions
 * are made of what lies in real resources, and asked of both. The slow side knows no index: it goes
 * through all resources, one by one.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { passesFilter } from '@ausculta/fhir/search-match';
import type { Filter } from '@ausculta/fhir/search-query';
import { type SearchRow, searchIndexer } from '@ausculta/fhir/search-rows';
import type { SearchValue } from '@ausculta/fhir/search-value';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import type { Act } from '../apps/server/src/fhir/acts.ts';
import { dataTest } from '../tools/test-data.ts';
import { examplesIn, r4 } from './support/fhir.ts';
import { answered, create, type FhirHouse, fhirHouse, idsFound } from './support/fhir-house.ts';

interface Kept {
  readonly type: string;
  readonly id: string;
  readonly rows: readonly SearchRow[];
}

let house: FhirHouse;
let kept: Kept[] = [];

/** Those of Bundles refer to one another: they come in together. */
function actsOf(directory: string): Act[][] {
  const whole = examplesIn(directory).filter(({ file }) => file.includes('synthea'));
  const bundles = whole
    .map(({ resource }) => resource)
    .filter((one): one is Bundle => one.resourceType === 'Bundle');
  const singles = examplesIn(directory)
    .filter(({ file, resource }) => !file.includes('synthea') && resource.resourceType !== 'Bundle')
    .map(({ resource }) => [create(resource)]);
  const together = bundles.map(({ entry = [] }) =>
    entry.map(({ resource, fullUrl = '' }) => ({ ...create(resource as Resource), fullUrl })),
  );
  return [...together, ...singles] as Act[][];
}

async function fill(directory: string): Promise<void> {
  const rowsOf = searchIndexer(r4());
  for (const acts of actsOf(directory)) {
    const performed = await house.repository.perform(house.organisationId, acts);
    // What is against R4 does not come in; the examples have two such.
    if (!performed.ok) continue;
    for (const { document } of answered(performed)) {
      const resource = JSON.parse(document?.text ?? '') as Resource & { id: string };
      kept.push({ type: resource.resourceType, id: resource.id, rows: rowsOf(resource) });
    }
  }
}

/** Questions that some resource answers, and their neighbours that fewer do. */
function questionsOf(parameter: string, value: SearchValue): string[] {
  const ask = (text: string, modifier = ''): string =>
    `${parameter}${modifier}=${encodeURIComponent(text)}`;
  const escaped = (text: string): string => text.replace(/[\\,$|]/g, '\\$&');
  switch (value.kind) {
    case 'token': {
      const [system, code] = [escaped(value.system ?? ''), escaped(value.code)];
      if (code === '') return [];
      const both = ask(`${system}|${code}`);
      return [both, ask(code), ask(`${system}|${code}`, ':not'), ask(`nothing,${system}|${code}`)];
    }
    case 'words':
      return [4, 9].map((length) => ask(escaped(value.normal.slice(0, length)), ':text'));
    case 'string': {
      const { normal, text } = value;
      if (normal === '') return [];
      const parts = [ask(escaped(normal.slice(0, 3))), ask(escaped(text), ':exact')];
      return [...parts, ask(escaped(normal.slice(1, 5) || normal), ':contains')];
    }
    case 'reference':
      if (value.url === undefined) return [];
      return [ask(value.url), ...(value.id === undefined ? [] : [ask(value.id)])];
    case 'date': {
      if (!Number.isFinite(value.low) || !Number.isFinite(value.high)) return [];
      const day = new Date(value.low).toISOString().slice(0, 10);
      const prefixes = ['', 'ge', 'lt', 'sa', 'eb', 'ne', 'ap', 'le', 'gt'];
      return prefixes.map((prefix) => ask(`${prefix}${day}`)).concat(ask(day.slice(0, 7)));
    }
    case 'number':
      return ['', 'gt', 'le'].map((prefix) => ask(`${prefix}${value.low}`));
    case 'quantity': {
      if (!Number.isFinite(value.low)) return [];
      const unit = value.system && value.code ? `|${value.system}|${value.code}` : '';
      return ['', 'gt', 'le', 'ne'].flatMap((prefix) => [
        ask(`${prefix}${value.low}`),
        ask(`${prefix}${value.low}${unit}`),
      ]);
    }
    case 'uri':
      return [ask(value.uri), ask(value.uri.split('/').slice(0, 3).join('/'), ':below')];
    default:
      return [];
  }
}

function allQuestions(): { type: string; query: string }[] {
  const asked = new Map<string, { type: string; query: string }>();
  for (const { type, rows } of kept) {
    const seen = new Set<string>();
    for (const { parameter, value } of rows) {
      // One value of each kind in each resource is enough.
      if (parameter === '_lastUpdated' || seen.has(`${parameter} ${value.kind}`)) continue;
      seen.add(`${parameter} ${value.kind}`);
      for (const query of [...questionsOf(parameter, value), `${parameter}:missing=true`]) {
        asked.set(`${type}?${query}`, { type, query });
      }
    }
  }
  return [...asked.values()];
}

async function filtersOf(type: string, query: string): Promise<readonly Filter[]> {
  const asking = { isStrict: true, baseUrl: undefined };
  const parsed = await house.repository.parse(type, new URLSearchParams(query), asking);
  assert.ok(parsed.ok, `${type}?${query}: ${JSON.stringify(parsed)}`);
  return parsed.value.filters;
}

/** Resource by resource, following each reference by hand. */
function holds(filter: Filter, { type, id, rows }: Kept): boolean {
  if (filter.kind === 'chain') {
    const targets = rows.filter(({ parameter }) => parameter === filter.parameter);
    return targets.some(({ value }) =>
      filter.targets.some((target) =>
        kept.some(
          (one) =>
            value.kind === 'reference' &&
            value.url === `${one.type}/${one.id}` &&
            one.type === target.type &&
            holds(target.filter, one),
        ),
      ),
    );
  }
  if (filter.kind !== 'has') return passesFilter(filter, rows);
  return kept.some(
    (one) =>
      one.type === filter.type &&
      holds(filter.filter, one) &&
      one.rows.some(
        ({ parameter, value }) =>
          parameter === filter.parameter &&
          value.kind === 'reference' &&
          value.url === `${type}/${id}`,
      ),
  );
}

async function compare(type: string, query: string): Promise<number> {
  const filters = await filtersOf(type, query);
  const expected = kept.filter(
    (one) => one.type === type && filters.every((filter) => holds(filter, one)),
  );
  const found = await idsFound(house, type, `${query}&_count=1000`);
  const ids = expected.map(({ id }) => id);
  assert.deepEqual(found.toSorted(), ids.sort(), `${type}?${query}`);
  return found.length;
}

const FOLLOWED = [
  ['Observation', 'subject:Patient.gender=male'],
  ['Observation', 'subject.birthdate=gt1900-01-01&status=final'],
  ['Observation', 'encounter.class=AMB'],
  ['Observation', 'encounter.service-provider.name:contains=a'],
  ['Observation', 'encounter.participant:Practitioner.name=d'],
  ['Patient', '_has:Observation:patient:code=8302-2'],
  ['Patient', '_has:Observation:subject:code-value-quantity=8302-2$gt1'],
  ['Patient', '_has:Condition:patient:encounter.status=finished'],
  ['Organization', '_has:Encounter:service-provider:subject:Patient.gender=male'],
  ['Practitioner', '_has:Encounter:practitioner:status=finished'],
  ['Encounter', '_has:Observation:encounter:code=8302-2&status=finished'],
] as const;

const COMPOSITES = [
  ['Observation', 'code-value-quantity=8302-2$gt100'],
  ['Observation', 'component-code-value-quantity=http://loinc.org|8480-6$gt100'],
  ['Observation', 'component-code-value-quantity=http://loinc.org|8462-4$gt100'],
  ['Observation', 'combo-code-value-quantity=8480-6$le140||mm[Hg]'],
  ['Observation', 'combo-code=8480-6,8302-2'],
  ['Observation', 'combo-value-quantity=gt100'],
] as const;

describe('FHIR search', () => {
  before(async () => {
    house = await fhirHouse();
  });
  after(() => house[Symbol.asyncDispose]());

  const name = 'the database finds what each resource by itself answers to';
  dataTest({ dataset: 'fhir', name }, async (directory, t) => {
    kept = [];
    await fill(directory);
    const questions = allQuestions();
    // Every so many, so that each parameter has its turn in a few seconds.
    const every = Math.max(1, Math.floor(questions.length / 900));
    const some = questions.filter((_, at) => at % every === 0);
    assert.ok(some.length >= 400, `only ${some.length} questions`);
    for (const { type, query } of some) await compare(type, query);
    let followed = 0;
    for (const [type, query] of [...FOLLOWED, ...COMPOSITES]) {
      if ((await compare(type, query)) > 0) followed += 1;
    }
    t.diagnostic(`${some.length} of ${questions.length} questions of ${kept.length} resources`);
    assert.ok(followed >= 12, `only ${followed} of the chains and composites find something`);
  });

  test('pages lead through everything once, in the order that was asked for', async () => {
    const code = { text: 'paged' };
    for (let day = 1; day <= 9; day++) {
      const effectiveDateTime = day === 9 ? undefined : `2026-01-0${((day * 5) % 8) + 1}`;
      const observation = { resourceType: 'Observation', status: 'final', code };
      const act = create({ ...observation, ...(effectiveDateTime && { effectiveDateTime }) });
      answered(await house.repository.perform(house.organisationId, [act]));
    }
    const asking = { isStrict: true, baseUrl: undefined };
    for (const sort of ['', '-date', 'date', '_lastUpdated,date', 'status', '-_id']) {
      const seen: string[] = [];
      const dates: (string | undefined)[] = [];
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({ 'code:text': 'paged', _count: '2' });
        if (sort !== '') query.set('_sort', sort);
        if (cursor !== undefined) query.set('_cursor', cursor);
        const parsed = await house.repository.parse('Observation', query, asking);
        assert.ok(parsed.ok);
        const page = await house.repository.search(house.organisationId, parsed.value);
        assert.ok(page.ok, sort);
        assert.ok(page.value.matches.length <= 2);
        for (const { id, text } of page.value.matches) {
          seen.push(id);
          dates.push((JSON.parse(text) as { effectiveDateTime?: string }).effectiveDateTime);
        }
        cursor = page.value.next;
      } while (cursor !== undefined);
      assert.equal(new Set(seen).size, 9, sort);
      assert.equal(seen.length, 9, sort);
      const ordered = dates.slice(0, 8).toSorted();
      if (sort === '-date') assert.deepEqual(dates, [...ordered.toReversed(), undefined]);
      if (sort === 'date') assert.deepEqual(dates, [...ordered, undefined]);
      if (sort === '-_id') assert.deepEqual(seen, seen.toSorted().reverse());
    }
  });
});
