/** Consents by the hour of the day open and close by the clock of the house. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consentOf } from './support/consents.ts';
import { Asking, signedIn } from './support/people.ts';
import { startServerHere } from './support/server.ts';

const ZONE = 'Asia/Kolkata';
const EAST_MINUTES = 330;
const DAY_MINUTES = 1_440;

/** As the clock in the house shows it, so many minutes from now. */
function houseTime(inMinutes: number): string {
  const minutes = Math.floor(Date.now() / 60_000) + EAST_MINUTES + inMinutes;
  const ofDay = ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(ofDay / 60)}:${two(ofDay % 60)}:00`;
}

const HOURS = 'urn:ausculta:consent-hours';

const openBetween = (from: string, until: string) => ({
  type: 'permit' as const,
  extension: [
    {
      url: HOURS,
      extension: [
        { url: 'from', valueTime: from },
        { url: 'until', valueTime: until },
      ],
    },
  ],
});

async function statusesIn(timeZone: string | undefined) {
  await using here = await startServerHere({ config: { timeZone } });
  const { server } = here;
  const asking = new Asking(server);
  const nurse = await signedIn(here, ['nurse']);
  await server.post('/api/shifts', { accountId: nurse.accountId, unit: null });
  const statusOf = async (fromMinutes: number, untilMinutes: number) => {
    const { id: subjectId } = await server.addSubject();
    const provision = openBetween(houseTime(fromMinutes), houseTime(untilMinutes));
    await server.post('/fhir/R4/Consent', consentOf({ subjectId, base: 'OPTOUT', provision }));
    return (await asking.as(nurse, `/api/subjects/${subjectId}`)).status;
  };
  return { now: await statusOf(-120, 120), later: await statusOf(120, 360) };
}

test('what is open at this hour of the house is open, and nothing else', async () => {
  assert.deepEqual(await statusesIn(ZONE), { now: 200, later: 403 });
});

test('where nobody has said where the house is, nothing is open by the hour', async () => {
  assert.deepEqual(await statusesIn(undefined), { now: 403, later: 403 });
});
