/** The leads of an electrocardiogram as one: which of them belong together, and how an id names them. */
import { metricOf } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import type { SampleRate } from '@ausculta/vitals/waveform';

/** Ids are made of their places in this list: new ones are added at its end. */
const LEADS: readonly Metric[] = [
  ...['ecg-i', 'ecg-ii', 'ecg-iii', 'ecg-avr', 'ecg-avl', 'ecg-avf', 'ecg-v'],
  ...['ecg-v1', 'ecg-v2', 'ecg-v3', 'ecg-v4', 'ecg-v5', 'ecg-v6'],
].map(metricOf);

/** Whose code is that of the electrocardiogram as a whole, and that of a lead which nobody has named. */
export const PANEL = metricOf('ecg');

/** All that is meant where the electrocardiogram as a whole is asked for. */
export const PANEL_PARTS: readonly Metric[] = [PANEL, ...LEADS];

/** A piece of a waveform: whose, from when on, how fast and how long. */
interface Piece {
  readonly metric: Metric;
  readonly subjectId: string;
  readonly deviceId: string;
  readonly epoch: number;
  readonly stampMs: number;
  readonly timeMs: number;
  readonly rate: SampleRate;
  readonly samples: { readonly length: number };
}

/** As a part of an id; two or more leads. */
export function leadsName(metrics: readonly Metric[]): string {
  const places = metrics.map((metric) => LEADS.indexOf(metric));
  return `leads-${places.reduce((sum, place) => sum + 2 ** place, 0).toString(36)}`;
}

/** Undefined for what names no leads, or one alone. */
export function leadsNamed(name: string): readonly Metric[] | undefined {
  const bits = Number.parseInt(/^leads-([0-9a-z]{1,4})$/.exec(name)?.[1] ?? '', 36);
  const leads = LEADS.filter((_, place) => Math.floor(bits / 2 ** place) % 2 === 1);
  return leads.length > 1 && leadsName(leads) === name ? leads : undefined;
}

/** Leads of one device that begin together, at one rate and of one length, go together; all else alone. */
export function together<Cut extends Piece>(cuts: readonly Cut[]): [Cut, ...Cut[]][] {
  const groups = new Map<string, [Cut, ...Cut[]]>();
  const alone: [Cut][] = [];
  for (const cut of cuts) {
    const { metric, subjectId, deviceId, epoch, stampMs, timeMs, rate, samples } = cut;
    const { numerator, denominator } = rate;
    const of = [
      subjectId,
      deviceId,
      epoch,
      stampMs,
      timeMs,
      numerator,
      denominator,
      samples.length,
    ];
    const key = of.join(' ');
    const group = groups.get(key);
    const isFurther = LEADS.includes(metric) && !group?.some((one) => one.metric === metric);
    if (!isFurther) alone.push([cut]);
    else if (group === undefined) groups.set(key, [cut]);
    else group.push(cut);
  }
  for (const group of groups.values())
    group.sort((a, b) => LEADS.indexOf(a.metric) - LEADS.indexOf(b.metric));
  return [...groups.values(), ...alone];
}
