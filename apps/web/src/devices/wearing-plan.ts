import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { nameText } from '../vitals/identity-text.ts';

/** What somebody is about to say of who wears a device. A time that is missing is now. */
export type WearingPlan =
  | { readonly kind: 'give'; readonly toId: string; readonly fromMs: number | undefined }
  | { readonly kind: 'take-off'; readonly atMs: number | undefined }
  | {
      readonly kind: 'correct';
      /** Null: somebody unknown. */
      readonly toId: string | null;
      readonly fromMs: number;
      readonly untilMs: number | null;
    };

export interface Consequences {
  readonly says: readonly string[];
  /** Who has no device any more: to be seen before it is done (safety S27). */
  readonly unmonitored: string | undefined;
}

interface Known {
  readonly device: Pick<DeviceView, 'id' | 'wornBy' | 'worn' | 'standsAt'>;
  readonly subjects: readonly SubjectView[];
  readonly moment: (atMs: number) => string;
  readonly nowMs: number;
}

export function consequencesOf(plan: WearingPlan, known: Known): Consequences {
  switch (plan.kind) {
    case 'give':
      return given(plan, known);
    case 'take-off':
      return takenOff(plan, known);
    case 'correct':
      return corrected(plan, known);
    default:
      return plan satisfies never;
  }
}

/** Name and number: two identifiers wherever somebody is chosen. */
export function whoText(id: string | null, subjects: readonly SubjectView[]): string {
  if (id === null) return 'somebody whose record you may not see';
  const subject = subjects.find((one) => one.id === id);
  if (subject === undefined) return 'somebody whose record is not here any more';
  const { recordNumber, bed } = subject.identity;
  const where = bed === undefined ? '' : `, bed ${bed}`;
  return `${nameText(subject.identity)} (${recordNumber}${where})`;
}

function given(
  { toId, fromMs }: Extract<WearingPlan, { kind: 'give' }>,
  { device, subjects, moment }: Known,
): Consequences {
  const from = fromMs === undefined ? 'From now on' : `From ${moment(fromMs)} on`;
  const says = [`${from} ${device.id} measures ${whoText(toId, subjects)}.`];
  const { wornBy } = device;
  if (wornBy === null || wornBy === toId) return { says, unmonitored: undefined };
  if (fromMs !== undefined) says.push('What it has measured since then moves there.');
  return {
    says: [...says, `${whoText(wornBy, subjects)} wears it no longer.`],
    unmonitored: leftWithout(device, subjects),
  };
}

function takenOff(
  { atMs }: Extract<WearingPlan, { kind: 'take-off' }>,
  { device, subjects, moment }: Known,
): Consequences {
  const from = atMs === undefined ? 'From now on' : `From ${moment(atMs)} on`;
  const whose = device.wornBy === null ? 'Nobody' : whoText(device.wornBy, subjects);
  return {
    says: [
      `${from} nobody wears ${device.id}. ${whose} wears it until then.`,
      device.standsAt === null
        ? 'What it sends while nobody wears it is kept aside, in nobody’s record, and calls nobody.'
        : `It stands at bed ${device.standsAt.bed}: what it sends while nobody wears it is shown and watched as “Bed ${device.standsAt.bed}, unknown”, until somebody says whose it is.`,
    ],
    unmonitored: leftWithout(device, subjects),
  };
}

function corrected(
  { toId, fromMs, untilMs }: Extract<WearingPlan, { kind: 'correct' }>,
  { device, subjects, moment, nowMs }: Known,
): Consequences {
  const endMs = untilMs ?? Number.POSITIVE_INFINITY;
  const span =
    untilMs === null ? `since ${moment(fromMs)}` : `from ${moment(fromMs)} to ${moment(untilMs)}`;
  const wore = device.worn.filter(({ subjectId, from, until }) => {
    const isMeant = Date.parse(from) < endMs && fromMs < (until ? Date.parse(until) : nowMs);
    return isMeant && subjectId !== toId;
  });
  const losers = [...new Set(wore.map(({ subjectId }) => whoText(subjectId, subjects)))];
  const whose = toId === null ? 'somebody unknown' : whoText(toId, subjects);
  const isNow = untilMs === null && device.wornBy !== null && device.wornBy !== toId;
  return {
    says:
      losers.length === 0
        ? [`What ${device.id} measured ${span} goes into the record of ${whose}.`]
        : [
            `What ${device.id} measured ${span} leaves the record of ${losers.join(' and of ')}, and goes into that of ${whose}.`,
            'Both records will say so. Alarms stay where they were sounded.',
          ],
    unmonitored: isNow ? leftWithout(device, subjects) : undefined,
  };
}

function leftWithout(
  { id, wornBy }: Pick<DeviceView, 'id' | 'wornBy'>,
  subjects: readonly SubjectView[],
): string | undefined {
  const wearer = subjects.find((subject) => subject.id === wornBy);
  const others = wearer?.devices.filter((device) => device.id !== id) ?? [];
  return wearer !== undefined && others.length === 0 ? nameText(wearer.identity) : undefined;
}
