import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedFormat } from './accepted-format.ts';

const CASES = [
  { accept: undefined, format: 'ndjson' },
  { accept: '*/*', format: 'ndjson' },
  { accept: 'text/csv', format: 'csv' },
  { accept: 'TEXT/CSV; header=present', format: 'csv' },
  { accept: 'text/csv;q=0.5, application/x-ndjson;q=0.9', format: 'ndjson' },
  { accept: 'text/csv, application/x-ndjson', format: 'csv' },
  { accept: 'application/vnd.ausculta.readings', format: 'blocks' },
  { accept: 'text/html', format: 'ndjson' },
  { accept: 'text/csv;q=0', format: 'ndjson' },
  { accept: 'text/csv;q=nonsense', format: 'ndjson' },
] as const;

for (const { accept, format } of CASES) {
  test(`whoever accepts ${accept} gets ${format}`, () => {
    assert.equal(acceptedFormat(accept), format);
  });
}
