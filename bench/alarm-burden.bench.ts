// How many alarms the ward protocol makes of recordings, and naive limits of the same: `npm run bench --
// alarm-burden --json`. Needs the recordings beside the project (AUSCULTA_SHARED_DIR).
import { sharedData } from '../tools/test-data.ts';
import { beatRates, type Rate, shownRates } from './alarm-burden/heart-rate.ts';
import { type Counted, type Estimate, estimate, summed } from './alarm-burden/intervals.ts';
import {
  type Call,
  callOfRhythm,
  isTold,
  type Lines,
  naiveCalls,
  trueEvents,
  wardCalls,
} from './alarm-burden/judged.ts';
import { bidmc, mitBih, noiseStress, type Recording } from './alarm-burden/recordings.ts';
import { inWords, proportion } from './clinical/proportion.ts';
import { openReport, type Report } from './report.ts';

const BENCH = 'alarm-burden';

/** The ward's own lines, and what many monitors come with. */
const SAME_LINES: Lines = { low: 40, high: 131 };
const USUAL_LINES: Lines = { low: 50, high: 120 };

interface Naive {
  readonly name: string;
  readonly lines: Lines;
  readonly rates: (recording: Recording) => readonly Rate[];
}

/** From the plainest to what a monitor does that averages, and has neither delay nor hysteresis. */
const NAIVE: readonly Naive[] = [
  { name: '40 and 131, each beat', lines: SAME_LINES, rates: beatRates },
  { name: '40 and 131, averaged over 8 s', lines: SAME_LINES, rates: shownRates },
  { name: '50 and 120, averaged over 8 s', lines: USUAL_LINES, rates: shownRates },
];

interface Judged {
  readonly recording: Recording;
  readonly calls: readonly Call[];
  /** By annotations; absent where there are none. */
  readonly truth?: Recording | undefined;
}

export async function main(args: readonly string[]): Promise<number> {
  const places = ['ecg-mitdb', 'ecg-noise-stress', 'vitals-bidmc'].map((name) => sharedData(name));
  const [mit, noise, home] = places;
  if (mit === undefined || noise === undefined || home === undefined) {
    process.stderr.write('The recordings are absent: set AUSCULTA_SHARED_DIR.\n');
    return 1;
  }
  const report = openReport(args);
  const annotated = mitBih(mit).map((one) => judged(one, one));
  reportSet(report, 'MIT-BIH, annotated beats', annotated);
  reportTachycardias(report, annotated);
  const { annotated: clean, detected } = noiseStress(noise);
  reportSet(
    report,
    'noise stress, annotated beats',
    clean.map((one) => judged(one, one)),
  );
  for (const [nth, one] of detected.entries())
    reportSet(report, `noise stress ${one.name}, own detector`, [judged(one, clean[nth])]);
  const heard = bidmc(home).map((one) => judged(one, undefined));
  reportSet(report, 'BIDMC 01, own detector', heard);
  return report.exitCode();
}

function judged(recording: Recording, truth: Recording | undefined): Judged {
  return { recording, calls: wardCalls(recording), truth };
}

function reportSet(report: Report, set: string, all: readonly Judged[]): void {
  const add = (metric: string, value: number, unit: string) =>
    report.add({ bench: BENCH, metric: `${set}: ${metric}`, value, unit });
  const ofWard = all.map((one) => countedOf(one));
  const { hours, ward } = summed(ofWard);
  add(`patient-hours, n ${all.length}`, hours, 'h');
  addRate(add, `ward protocol, heart rate, ${ward} alarms`, { counted: ofWard, key: 'ward' });
  for (const naive of NAIVE) {
    const counted = all.map((one) => countedOf(one, naive));
    const { naive: calls } = summed(counted);
    addRate(add, `naive at ${naive.name}, ${calls} alarms`, { counted, key: 'naive' });
    const fewer = estimate(counted, (sum) => 100 * (1 - sum.ward / sum.naive));
    if (calls > 0)
      add(`ward fewer than naive at ${naive.name}${interval(fewer, all)}`, fewer.value, 'percent');
  }
  const rhythms = all.flatMap(({ calls }) => calls.filter(({ alarm }) => !isOfRate(alarm)));
  for (const [alarm, own] of Map.groupBy(rhythms, (call) => call.alarm))
    add(`ward protocol, ${alarm}`, own.length, 'alarms');
  reportKept(report, set, all);
}

function isOfRate(alarm: string): boolean {
  return alarm.startsWith('limit/heart-rate/');
}

function countedOf({ recording, calls }: Judged, naive?: Naive): Counted {
  const ward = calls.filter(({ alarm }) => isOfRate(alarm)).length;
  const called = naive === undefined ? 0 : naiveCalls(naive.rates(recording), naive.lines);
  return { hours: recording.seconds / 3_600, naive: called, ward };
}

function addRate(
  add: (metric: string, value: number, unit: string) => void,
  name: string,
  { counted, key }: { readonly counted: readonly Counted[]; readonly key: 'ward' | 'naive' },
): void {
  const rate = estimate(counted, (sum) => sum[key] / sum.hours);
  add(`${name}${interval(rate, counted)}`, rate.value, 'alarms/h');
}

/** Of a single recording nobody can say how the next would be. */
function interval({ low, high }: Estimate, all: readonly unknown[]): string {
  return all.length < 5 ? '' : `, 95 % ${low.toFixed(1)}–${high.toFixed(1)}`;
}

function reportKept(report: Report, set: string, all: readonly Judged[]): void {
  const events = all.flatMap(({ calls, truth }) => {
    const own = truth === undefined ? [] : trueEvents(truth, SAME_LINES);
    return own.map((event) => ({ ...event, isKept: isTold(event, calls) }));
  });
  const missed = events.filter(({ isKept }) => !isKept);
  const bound = events.length === 0 ? '' : `, upper bound ${boundOf(missed.length, events.length)}`;
  report.add({
    bench: BENCH,
    metric: `${set}: rates beyond 40 or 131 for 10 s that were not told, of ${events.length}${bound}`,
    value: missed.length,
    unit: 'events',
  });
  for (const { record, fromS, untilS, what } of missed)
    report.add({
      bench: BENCH,
      metric: `${set}: missed in ${record}, ${what}, at ${fromS} s, for`,
      value: untilS - fromS,
      unit: 's',
    });
}

/** "0 of N" is no zero: 3/N (safety S31). */
function boundOf(missed: number, of: number): string {
  const high = missed === 0 ? Math.min(1, 3 / of) : proportion(missed, of).high;
  return `${(100 * high).toFixed(1)} %`;
}

function reportTachycardias(report: Report, all: readonly Judged[]): void {
  const onsets = all.flatMap(({ recording, calls }) =>
    recording.tachycardias.map((onsetS) => {
      const call = callOfRhythm(onsetS, calls);
      return { record: recording.name, onsetS, call };
    }),
  );
  const told = onsets.filter(({ call }) => call !== undefined);
  const words = inWords(proportion(told.length, onsets.length));
  const add = (metric: string, value: number, unit: string) =>
    report.add({ bench: BENCH, metric: `MIT-BIH, annotated beats: ${metric}`, value, unit });
  add(`annotated “(VT” told within 10 s of its onset, ${words}`, told.length, 'onsets');
  const high = told.filter(({ call }) => call?.alarm.endsWith('ventricular-tachycardia'));
  add('of these as tachycardia (five beats and more), high', high.length, 'onsets');
  const delays = told.map(({ onsetS, call }) => (call?.raisedS ?? Number.NaN) - onsetS);
  add('the longest delay of those told', Math.max(...delays), 's');
  for (const { record, onsetS, call } of onsets)
    if (call === undefined) add(`annotated “(VT” not told: ${record}, at`, onsetS, 's');
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
