// What every bench says, in one form: a JSON object a line with --json, a sentence a line without.

export interface Measurement {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** Said as a person would: "<= 0.57". Absent where we only watch. */
  readonly target?: Target;
  /** The same work done by the plainest means, measured in the same run. */
  readonly baseline?: number;
}

export interface Target {
  readonly bound: 'atMost' | 'atLeast';
  readonly value: number;
}

export interface Report {
  add(measurement: Measurement): void;
  /** 0 when every target was met. */
  exitCode(): number;
}

export function openReport(args: readonly string[]): Report {
  const asJson = args.includes('--json');
  let missed = 0;
  return {
    add(measurement) {
      const ok = isMet(measurement);
      if (!ok) missed += 1;
      const line = asJson ? asObject(measurement, ok) : asSentence(measurement, ok);
      process.stdout.write(`${line}\n`);
    },
    exitCode: () => (missed > 0 ? 1 : 0),
  };
}

export function isMet({ value, target }: Pick<Measurement, 'value' | 'target'>): boolean {
  // A value that is not a number was not measured, and so meets nothing.
  if (!Number.isFinite(value)) return false;
  if (target === undefined) return true;
  return target.bound === 'atMost' ? value <= target.value : value >= target.value;
}

function asObject({ bench, metric, value, unit, target, baseline }: Measurement, ok: boolean) {
  return JSON.stringify({
    bench,
    metric,
    value,
    unit,
    target: target === undefined ? null : inWords(target),
    ok,
    baseline: baseline ?? null,
    ratio: baseline === undefined ? null : value / baseline,
  });
}

function asSentence({ bench, metric, value, unit, target, baseline }: Measurement, ok: boolean) {
  const against = target === undefined ? '' : ` (target ${inWords(target)})`;
  const beside = baseline === undefined ? '' : `, ${(value / baseline).toFixed(2)} of the baseline`;
  return `${ok ? '✔' : '✖'} ${bench}: ${metric} ${value} ${unit}${against}${beside}`;
}

function inWords(target: Target): string {
  return `${target.bound === 'atMost' ? '<=' : '>='} ${target.value}`;
}
