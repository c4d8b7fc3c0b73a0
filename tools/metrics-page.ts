// docs/metrics.md, made from the catalogue: `node_modules/.bin/node tools/metrics-page.ts`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from '../packages/vitals/src/catalogue.ts';
import type { Metric } from '../packages/vitals/src/metric.ts';
import { UNIT_TABLE } from '../packages/vitals/src/units-table.ts';

/** Where the page is kept. */
export const PAGE = fileURLToPath(new URL('../docs/metrics.md', import.meta.url));

const HEAD = `# Metrics

Every name by which a reading may say what it measures: the key, a LOINC code, or an IEEE 11073-10101 code (the number
or its reference id). A code that stands in several rows names the first of them; the key names one alone. A value without
a unit is in the metric's own, written in UCUM; the others named here, and their usual spellings (mmHg, bpm), are
converted. Values outside of the range are kept and flagged, never dropped.

This page is made from \`packages/vitals/src/catalogue.ts\` by \`node_modules/.bin/node tools/metrics-page.ts\`; a test holds
the two together.
`;

export function metricsPage(catalogue: readonly Metric[]): string {
  const waveforms = catalogue.filter(({ kind }) => kind === 'waveform');
  const readings = catalogue.filter(({ kind }) => kind !== 'waveform');
  return [
    HEAD,
    '## Readings: `devices/{id}/readings`\n',
    table(['key', 'what', 'unit', 'other units', 'range', 'LOINC', '11073'], readings.map(rowOf)),
    '\n## Waveforms: `devices/{id}/waveforms`\n',
    'Samples carry their own scale: value = (sample − zero) / gain, in this unit.\n',
    table(['key', 'what', 'unit', '11073'], waveforms.map(waveformOf)),
    '',
  ].join('\n');
}

function rowOf(metric: Metric): string[] {
  const { key, label, unit, plausible, answers } = metric;
  const what = answers?.map((answer) => `${answer.value} ${answer.key}`).join(', ');
  return [
    `\`${key}\``,
    what === undefined ? label : `${label}: ${what}`,
    `\`${unit}\``,
    otherUnits(metric),
    `${plausible.low} to ${plausible.high}`,
    loincOf(metric),
    mdcOf(metric),
  ];
}

function waveformOf(metric: Metric): string[] {
  return [`\`${metric.key}\``, metric.label, `\`${metric.unit}\``, mdcOf(metric)];
}

function otherUnits({ unit, vital }: Metric): string {
  const rows = UNIT_TABLE.filter(
    ({ to, ucum, only }) => to === unit && ucum !== unit && (only?.includes(vital) ?? true),
  );
  return rows.map(({ ucum }) => `\`${ucum}\``).join(' ');
}

function loincOf({ loinc, loincUnverified, loincOfUnit }: Metric): string {
  const ofUnit = loincOfUnit.map(({ code, unit }) => `${code} (\`${unit}\`)`);
  return [...loinc, ...loincUnverified, ...ofUnit].join(', ');
}

function mdcOf({ mdc }: Metric): string {
  return mdc.map(({ code }) => code).join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, metricsPage(CATALOGUE));
}
