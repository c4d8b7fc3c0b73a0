import type { MetricInk } from '@ausculta/vitals/metric';

export interface LanePlan {
  readonly vital: string;
  /** For a pair drawn as bars from one to the other: the lower vital. */
  readonly lowerVital?: string;
  readonly title: string;
  readonly unit: string;
  readonly ink: MetricInk;
  readonly heightPx: number;
  readonly usual: readonly [low: number, high: number];
  readonly form: 'line' | 'bars' | 'dots';
  /** Every metric that may stand in this lane, asked of the server together. */
  readonly metrics: readonly string[];
}

/** The lanes of the timeline, from the top; heights and forms are those of the design. */
export const LANES: readonly LanePlan[] = [
  {
    vital: 'heart-rate',
    title: 'Heart rate',
    unit: '/min',
    ink: 'ecg',
    heightPx: 120,
    usual: [45, 125],
    form: 'line',
    metrics: ['heart-rate', 'pulse-rate-arterial', 'pulse-rate-oximeter'],
  },
  {
    vital: 'spo2',
    title: 'SpO₂',
    unit: '%',
    ink: 'spo2',
    heightPx: 84,
    usual: [86, 100],
    form: 'line',
    metrics: ['spo2'],
  },
  {
    vital: 'resp-rate',
    title: 'Resp rate',
    unit: '/min',
    ink: 'resp',
    heightPx: 80,
    usual: [6, 30],
    form: 'line',
    metrics: ['resp-rate', 'resp-rate-impedance', 'resp-rate-co2'],
  },
  {
    vital: 'blood-pressure-systolic',
    lowerVital: 'blood-pressure-diastolic',
    title: 'Blood pressure',
    unit: 'mmHg',
    ink: 'nibp',
    heightPx: 98,
    usual: [50, 160],
    form: 'bars',
    metrics: ['nibp-systolic', 'nibp-diastolic'],
  },
  {
    vital: 'body-temperature',
    title: 'Temperature',
    unit: '°C',
    ink: 'temperature',
    heightPx: 72,
    usual: [35.5, 39],
    form: 'dots',
    metrics: [
      'body-temperature',
      'body-temperature-core',
      'body-temperature-oral',
      'body-temperature-tympanic',
    ],
  },
];

export const LANE_METRICS: readonly string[] = LANES.flatMap((lane) => lane.metrics);
