import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SubjectView } from '@ausculta/contract/subjects';
import { WARD_PATIENTS, type WardPatient } from './ward.ts';
import type { WardClient } from './ward-client.ts';

/** A monitor that is registered and may send. */
export interface Monitor {
  readonly patient: WardPatient;
  readonly deviceId: string;
  readonly token: string;
}

/** Beds are renamed and tokens lost, but never this often. */
const MONITORS_PER_BED_MAX = 100;

/**
 * Makes the ward's patients and monitors, each once: known patients are found by their record number,
 * known monitors by the tokens kept in `tokensFile`. A monitor whose token was lost is replaced by
 * a new one of the next number, since a token is told only once.
 */
export async function setUpWard(client: WardClient, tokensFile: string): Promise<Monitor[]> {
  const known = await client.subjects();
  const tokens = await readTokens(tokensFile);
  const monitors: Monitor[] = [];
  for (const patient of WARD_PATIENTS) {
    const { recordNumber } = patient.subject.identity;
    const subject =
      known.find(({ identity }) => identity.recordNumber === recordNumber) ??
      (await client.addSubject(patient.subject));
    const kept = subject.devices.findLast(({ id }) => tokens.has(id));
    const deviceId = kept?.id ?? (await addMonitor(client, { patient, subject, tokens }));
    if (kept === undefined) await writeTokens(tokensFile, tokens);
    monitors.push({ patient, deviceId, token: tokens.get(deviceId) ?? '' });
  }
  return monitors;
}

async function addMonitor(
  client: WardClient,
  {
    patient,
    subject,
    tokens,
  }: { patient: WardPatient; subject: SubjectView; tokens: Map<string, string> },
): Promise<string> {
  for (let number = 1; number <= MONITORS_PER_BED_MAX; number += 1) {
    const id = `monitor-4w${patient.bed}${number === 1 ? '' : `-${number}`}`;
    const added = await client.addDevice({ id, model: modelOf(patient), subjectId: subject.id });
    if (added === undefined) continue;
    tokens.set(added.id, added.token);
    return added.id;
  }
  throw new Error(`bed ${patient.bed} has ${MONITORS_PER_BED_MAX} monitors already`);
}

function modelOf({ recording }: WardPatient): string {
  return `Replay of ${recording}`;
}

async function readTokens(file: string): Promise<Map<string, string>> {
  try {
    const stored: unknown = JSON.parse(await readFile(file, 'utf8'));
    return new Map(Object.entries(stored as Record<string, string>));
  } catch {
    // No file yet, or one cut off by a crash: monitors are then registered anew.
    return new Map();
  }
}

/** Tokens are secrets: for their owner alone, and never a half-written file. */
async function writeTokens(file: string, tokens: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify(Object.fromEntries(tokens), null, 2)}\n`, {
    mode: 0o600,
  });
  await rename(draft, file);
}
