/**
 * `ausculta audit verify`: is the audit what was written? `audit key`: by which key others can ask the same.
 * `audit restored`: says that the database was put back, as nobody else may have done that unsaid.
 */
import { resolve } from 'node:path';
import { expect } from '@ausculta/vitals/expect';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import { type AuditChecked, checkAudit } from '../audit/audit-check.ts';
import { takeTime } from '../audit/check-store.ts';
import { keyOfText, rawKeyOf, readHead, signHead, textOfKey } from '../audit/heads.ts';
import { headsLength, openHeadsFile } from '../audit/heads-file.ts';
import { receiverOf } from '../audit/heads-hook.ts';
import { noteRestoration } from '../audit/hook-store.ts';
import { sha256 } from '../audit/leaf-record.ts';
import { auditHeadsPath } from '../audit/open-audit.ts';
import { headOfSize, lastHead } from '../audit/store.ts';
import type { Found } from '../audit/tree-check.ts';
import { appendAudit } from '../vault/audit.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { type CommandPorts, type Ground, openGround, openGroundKeys } from './ground.ts';
import { unusable } from './manifest.ts';
import { organisationIds, readAtOneMoment } from './move-store.ts';

interface VerifyGiven {
  /** Instead of the one of the key store. */
  readonly key?: string;
  /** Instead of the one of the settings. */
  readonly heads?: string;
}

export async function auditVerify(ports: CommandPorts, given: VerifyGiven): Promise<number> {
  await using ground = await openGround(ports);
  const key = given.key === undefined ? await keyHere(ground, ports) : keyOfText(given.key);
  if (key === undefined)
    throw unusable('--key must be what ausculta audit key has printed: a name, an id and a key.');
  const heads = given.heads === undefined ? undefined : resolve(given.heads);
  const { checked, faults } = await verifyAudit(ground, ports, { key, heads });
  if (ports.asJson) ports.writeOut(JSON.stringify({ audit: { ...checked, faults } }));
  else for (const line of wordsOf(checked, faults)) ports.writeOut(line);
  return faults === 0 ? 0 : 1;
}

/** Tells each fault where it is found. */
export async function verifyAudit(
  ground: Ground,
  { config, asJson, writeOut, progress }: CommandPorts,
  {
    key,
    heads = auditHeadsPath(config),
  }: { key: Pick<SigningKey, 'public'>; heads?: string | undefined },
): Promise<{ checked: AuditChecked; faults: number }> {
  let faults = 0;
  const onFound = (found: Found): void => {
    faults += 1;
    writeOut(
      asJson
        ? JSON.stringify({ auditFault: found })
        : `Audit, ${found.what}: ${found.id} of organisation ${found.organisationId}: ${found.why}.`,
    );
  };
  // Its length comes first: what the file has by then, the database has as well.
  const headsFile = { path: heads, length: await headsLength(heads) };
  const checked = await readAtOneMoment(ground.pools.line, async (sql) => {
    await takeTime(sql);
    return await checkAudit({ sql, key, headsFile, onFound, onProgress: progress });
  });
  return { checked, faults };
}

export function wordsOf(checked: AuditChecked, faults: number): string[] {
  const { placed, waiting, headsInFile, restorations } = checked;
  const restored = restorations.map(
    ({ organisationId, size, after, atMs }) =>
      `Said by ausculta audit restored at ${new Date(atMs).toISOString()}: the database of organisation ${organisationId} was put back from ${after} entries to ${size}.`,
  );
  const waits = waiting === 0 ? '' : `, ${waiting} wait for their place`;
  return [
    ...restored,
    `audit: ${placed} entries looked at${waits}, ${headsInFile} heads in the file`,
    faults === 0
      ? 'The audit is what was signed.'
      : `${faults} faults: the audit is not what was signed. Keep this database and the file of heads as they are, and find out who could write to them.`,
  ];
}

async function keyHere(ground: Ground, ports: CommandPorts): Promise<SigningKey> {
  const key = (await openGroundKeys(ground, ports)).auditKey();
  if (key !== undefined) return key;
  throw unusable(
    'The key store has no key that signs the audit: start the server once, or restore the key store.',
  );
}

/** For whoever verifies elsewhere: nothing of it is secret. */
export async function auditKey(ports: CommandPorts): Promise<number> {
  await using ground = await openGround(ports);
  const publicKey = rawKeyOf(await keyHere(ground, ports));
  const keys = (await organisationIds(ground.pools.line)).map((id) => textOfKey(id, publicKey));
  ports.writeOut(ports.asJson ? JSON.stringify({ auditKeys: keys }) : keys.join('\n'));
  return 0;
}

/** Into the file beside the database, and into the audit itself. */
export async function auditRestored(ports: CommandPorts): Promise<number> {
  await using ground = await openGround(ports);
  if (ground.isServerRunning) throw unusable('A server is running here. Stop it first.');
  const key = await keyHere(ground, ports);
  const file = await openHeadsFile(auditHeadsPath(ports.config));
  const sql = ground.pools.line;
  const atMs = ports.outside.nowMs();
  let said = 0;
  for (const name of [...file.organisations()]) {
    const organisationId = parseOrganisationId(name);
    expect(organisationId !== undefined, 'a head is of an organisation');
    const told = readHead(file.lastOf(organisationId) ?? '', organisationId, key);
    if (told === undefined)
      throw unusable(
        'The last head in the file is not one that was signed here: see ausculta audit verify.',
      );
    const row = await headOfSize(sql, organisationId, told.size);
    const same = row && readHead(row.note, organisationId, key);
    if (told.size === 0 || (same && Buffer.from(same.root).equals(told.root))) continue;
    const last = await lastHead(sql, organisationId);
    const here = last && readHead(last.note, organisationId, key);
    if ((last !== undefined && here === undefined) || (here?.size ?? 0) >= told.size)
      throw unusable('The heads in the database are not its own: see ausculta audit verify.');
    const { size, root } = here ?? { size: 0, root: sha256(new Uint8Array()) };
    const head = { organisationId, size, root, atMs, after: told.size, isRestored: true };
    const note = signHead(head, key);
    await file.append([note]);
    const target = `organisation/${organisationId}` as const;
    const entry = { organisationId, actor: undefined, target, atMs };
    await appendAudit(sql, { ...entry, act: 'database-restored' });
    const { auditHook } = ports.config;
    const receiver = auditHook && receiverOf(auditHook.url);
    if (receiver !== undefined) await noteRestoration(sql, { receiver, organisationId, note });
    said += 1;
  }
  ports.writeOut(
    ports.asJson
      ? JSON.stringify({ restored: { organisations: said } })
      : said === 0
        ? 'The database is not behind the file of heads: there is nothing to say.'
        : `Said of ${said} organisations that their database was put back. Start the server.`,
  );
  return 0;
}
