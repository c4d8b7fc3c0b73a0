import type { MetricInk } from './metric.ts';

export interface InkColour {
  readonly light: string;
  readonly dark: string;
}

/**
 * The ink of a metric's line, number and label: never a filled area, never a frame, since those
 * belong to alarms. Each is at least 4.5:1 on its theme's page and surface. Metrics without a colour
 * of their own take the grey of secondary text.
 */
export const INK_COLOURS: Readonly<Record<MetricInk, InkColour>> = {
  ecg: { light: '#0A7A3D', dark: '#3DDC84' },
  spo2: { light: '#0B76A6', dark: '#3CCBF4' },
  resp: { light: '#846600', dark: '#F0D33C' },
  arterial: { light: '#C4262E', dark: '#FF6B6B' },
  nibp: { light: '#6B48C8', dark: '#C6ABFF' },
  temperature: { light: '#AD2390', dark: '#F283DC' },
  co2: { light: '#5B6870', dark: '#B8C1C8' },
  glucose: { light: '#9A5B00', dark: '#FFB224' },
  weight: { light: '#34424C', dark: '#CBD5DB' },
  ink: { light: '#44525C', dark: '#AEB9C1' },
};
