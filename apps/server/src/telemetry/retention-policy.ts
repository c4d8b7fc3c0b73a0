/** How long what is measured is kept, by class of metric. What no rule names is kept for ever. */
import type { Metric } from '@ausculta/vitals/metric';

type MetricClass = 'waveform' | 'numeric';

export interface RetentionRule {
  readonly class: MetricClass;
  /** What goes when its time is over: the values, or the roll-ups as well. */
  readonly what: 'raw' | 'roll-up';
  readonly days: number;
}

const RULE = /^(waveform|numeric) (raw|roll-up) ([1-9]\d{0,5})$/;

/** "waveform raw 90, waveform roll-up 730": undefined for what is not such a list. */
export function parseRetention(text: string): RetentionRule[] | undefined {
  const rules: RetentionRule[] = [];
  for (const part of text.split(',')) {
    const [, metricClass, what, days] = RULE.exec(part.trim().replaceAll(/\s+/g, ' ')) ?? [];
    if (metricClass === undefined || what === undefined) return undefined;
    const rule = { class: metricClass, what, days: Number(days) } as RetentionRule;
    if (rules.some((other) => other.class === rule.class && other.what === rule.what))
      return undefined;
    rules.push(rule);
  }
  return rules;
}

export function classOf({ kind }: Metric): MetricClass {
  return kind === 'waveform' ? 'waveform' : 'numeric';
}
