import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4 } from '../../../../tests/support/fhir.ts';
import { subsetText } from './subset.ts';

const TEXT =
  '{"resourceType":"Observation","id":"1","meta":{"versionId":"2"},"text":{"status":"generated","div":"<div/>"},"status":"final","code":{"text":"x"},"note":[{"text":"n"}],"valueQuantity":{"value":37.0}}';

const CASES = [
  { asked: { elements: ['value'] }, told: ['code', 'status', 'valueQuantity'] },
  { asked: { summary: 'true' }, told: ['code', 'status', 'valueQuantity'] },
  { asked: { summary: 'text' }, told: ['code', 'status', 'text'] },
  { asked: { summary: 'data' }, told: ['code', 'note', 'status', 'valueQuantity'] },
] as const;

for (const { asked, told } of CASES) {
  test(`a part by ${JSON.stringify(asked)} is marked as one`, () => {
    const text = subsetText(TEXT, { elements: [], summary: 'false', ...asked }, r4());
    const { resourceType, id, meta, ...rest } = JSON.parse(text);
    assert.deepEqual([resourceType, id, meta.versionId], ['Observation', '1', '2']);
    assert.equal(meta.tag[0].code, 'SUBSETTED');
    assert.deepEqual(Object.keys(rest).sort(), told);
    if ('valueQuantity' in rest) assert.match(text, /37\.0\}/);
  });
}

test('the whole is told as it is', () => {
  assert.equal(subsetText(TEXT, { elements: [], summary: 'false' }, r4()), TEXT);
});
