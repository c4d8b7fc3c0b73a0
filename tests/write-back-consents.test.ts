/** Summaries for the record of another hospital ask the person each time that they are sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DisclosureReport } from '@ausculta/contract/disclosures';
import { consentOf } from './support/consents.ts';
import { eventually } from './support/server.ts';
import { written } from './support/subscription-sample.ts';
import {
  addKnown,
  dayAgo,
  figureOf,
  keptThere,
  measure,
  noonOf,
  optIn,
  summaryThere,
  writeBackSample,
} from './support/write-back-sample.ts';

/** As a consent names the other hospital. */
const EHR = { reference: 'Organization/ehr' };
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const RECIPIENT = { coding: [{ system: PARTICIPATION, code: 'IRCP' }] };

test('nothing is sent of what a person has kept back, and what was sent stands in the ledger', async () => {
  await using sample = await writeBackSample();
  const [patient, silent] = [await addKnown(sample), await addKnown(sample)];
  const { server } = sample.here;
  const day = dayAgo(1);
  const spo2 = { coding: [{ system: 'urn:ausculta:metric', code: 'spo2' }] };
  const vitals = [{ system: 'urn:ausculta:data-class', code: 'vitals' }];
  const provision = { type: 'deny' as const, class: vitals, code: [spo2] };
  await written(server, consentOf({ subjectId: patient.id, base: 'OPTIN', provision }));
  await written(
    server,
    consentOf({
      ...{ subjectId: silent.id, base: 'OPTIN' },
      provision: { type: 'deny', actor: [{ role: RECIPIENT, reference: EHR }] },
    }),
  );
  for (const one of [patient, silent]) {
    await optIn(sample, one);
    await measure(sample, one.device, day, [70]);
  }
  const body = { time: noonOf(day) + 1_000, values: { spo2: 97 } };
  await server.send(patient.device, JSON.stringify(body));
  await summaryThere(sample, patient, { day, isSo: (found) => figureOf(found, 'count') === 1 });
  await eventually('why nothing is sent', async () => {
    const [waiting] = await sample.here.database.line<{ reason: string | null }[]>`
      SELECT reason FROM write_back_day WHERE subject_id = ${silent.id}`;
    return waiting?.reason === 'kept-back' ? true : undefined;
  });
  assert.deepEqual(await keptThere(sample, silent), []);
  const told = await keptThere(sample, patient);
  assert.deepEqual(told.length, 1, 'of two that were measured');
  const ledger = await server.get<DisclosureReport>(`/api/subjects/${patient.id}/disclosures`);
  assert.deepEqual(
    ledger.disclosures.map(({ way, recipient, basis }) => [way, recipient, basis]),
    [['write-back', 'destination/ehr', 'consent']],
  );
  const none = await server.get<DisclosureReport>(`/api/subjects/${silent.id}/disclosures`);
  assert.deepEqual(none.disclosures, []);
  await server.post(`/api/subjects/${silent.id}/write-back/ehr/withdrawal`, {});
});
