/** The audit as somebody who keeps it looks through it: one line an act or a look, in codes. */

import { csvLine } from '@ausculta/codecs/csv-writer';
import { AUDIT_FILTERS, type AuditEntry, type AuditFilter } from '@ausculta/contract/audit';
import { AUDIT_ACTS, isAuditAct } from '@ausculta/vitals/audit-act';
import { z } from 'zod';
import type { TrailAsked, TrailEntry } from './trail.ts';
import type { Known } from './trail-store.ts';

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const FILTERS = {
  /** An account, `token-…` of a program, `device/…`. */
  who: z
    .string()
    .regex(/^[0-9A-Za-z:._/-]{1,80}$/)
    .optional(),
  subject: z.uuid().optional(),
  kind: z.enum(AUDIT_FILTERS).optional(),
  from: Moment.optional(),
  /** Not included. */
  to: Moment.optional(),
} as const;

export const AuditTableQuery = z.strictObject(FILTERS);

export const AuditQuery = z.strictObject({
  ...FILTERS,
  /** The `next` of the page before. */
  cursor: z.string().max(1_000).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

type Filters = z.infer<typeof AuditTableQuery>;

export function trailAskedBy(
  organisationId: string,
  { who, subject, kind, from, to }: Filters,
  nowMs: number,
): TrailAsked {
  const isLooking = kind === 'looking';
  return {
    ...{ organisationId, who, fromMs: from ?? 0, toMs: Math.min(to ?? nowMs + 1, nowMs + 1) },
    subjectIds: subject === undefined ? undefined : [subject],
    acts: kind === undefined ? undefined : isLooking ? [] : actsOf(kind),
    withReads: kind === undefined || isLooking,
    withDisclosures: false,
  };
}

function actsOf(kind: AuditFilter): string[] {
  return Object.entries(AUDIT_ACTS).flatMap(([act, own]) => (own === kind ? [act] : []));
}

/** Of a list of hundreds, some. */
const SUBJECTS_TOLD_MAX = 5;

export function auditEntry(
  entry: TrailEntry,
  known: ReadonlyMap<string, Known>,
): AuditEntry | undefined {
  const at = new Date(entry.atMs).toISOString();
  if (entry.kind === 'disclosure') return undefined;
  if (entry.kind === 'act') {
    const { account_id: who, act, target } = entry.act;
    const subject = /^subject\/(.+)$/.exec(target)?.[1];
    const about = subject === undefined ? [] : [subject];
    return {
      ...{ id: entry.id, at, kind: isAuditAct(act) ? AUDIT_ACTS[act] : 'keeping', act, who },
      ...{ name: nameOf(who, known), target, subjects: about, people: about.length },
      ...{ route: null, type: null, purpose: null, status: null },
    };
  }
  const { who, act, subjects, route, type, purpose, status } = entry.read;
  return {
    ...{ id: entry.id, at, kind: 'looking', act, who, name: nameOf(who, known), target: null },
    ...{ subjects: subjects.slice(0, SUBJECTS_TOLD_MAX), people: subjects.length },
    ...{ route, type: type ?? null, purpose: purpose ?? null, status },
  };
}

const OF_PATIENTS = ['patient', 'proxy', 'caregiver'];

/** A patient's name is told by their record alone. */
function nameOf(who: string | null, known: ReadonlyMap<string, Known>): string | null {
  const found = who === null ? undefined : known.get(who);
  const isNamed =
    found !== undefined &&
    (found.who.startsWith('token-') || found.roles.some((role) => !OF_PATIENTS.includes(role)));
  return isNamed ? found.name : null;
}

const COLUMNS = [
  'time',
  'kind',
  'act',
  'who',
  'name',
  'about',
  'people',
  'route',
  'type',
  'purpose',
  'status',
];

export function auditCsv(entries: readonly AuditEntry[]): string {
  const lines = entries.map(({ at, kind, act, who, name, target, subjects, people, ...rest }) => {
    const { route, type, purpose, status } = rest;
    const about = target ?? subjects.map((id) => `subject/${id}`).join(' ');
    return csvLine([
      ...[at, kind, act, who ?? 'platform', name ?? '', about, { number: String(people) }],
      ...[route ?? '', type ?? '', purpose ?? '', { number: status === null ? '' : `${status}` }],
    ]);
  });
  return csvLine(COLUMNS) + lines.join('');
}
