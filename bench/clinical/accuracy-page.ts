// docs/accuracy.md: what the bench measured, as a page for people, literature beside it.
import { writeFileSync } from 'node:fs';
import { isMet, type Measurement, type Report } from '../report.ts';

const PAGE = new URL('../../docs/accuracy.md', import.meta.url);

const BEFORE = `# Accuracy

Written by \`npm run bench -- clinical --write\`; do not edit. Intervals are 95 % (Wilson). The recordings are not part of the
project (\`AUSCULTA_SHARED_DIR\`). MIT-BIH is split by number and for good: every second record for tuning, the others for
reporting (\`bench/clinical/ecg-records.ts\`); no threshold was chosen by looking at the beats of the reporting part.
Judged by ANSI/AAMI EC57: 150 ms, first five minutes skipped, ventricular flutter left out.

| figure | asked | measured | |
| --- | --- | --- | --- |
`;

const AFTER = `
## Beside the literature
Others' figures, as published, on other selections of records: they show the neighbourhood, they are no comparison.

| what | published | source |
| --- | --- | --- |
| QRS on all of MIT-BIH | 99.76 % sensitivity, 99.56 % predictivity | Pan and Tompkins 1985, doi:10.1109/TBME.1985.325532 |
| QRS on all of MIT-BIH | 99.69 % sensitivity, 99.77 % predictivity | Hamilton and Tompkins 1986, doi:10.1109/TBME.1986.325695 |
| ventricular beats, between patients | 77.7 % sensitivity, 81.9 % predictivity | de Chazal et al. 2004, doi:10.1109/TBME.2004.827359 |
| atrial fibrillation by rate words | 97.4 % sensitivity, 98.4 % specificity on AFDB; 97.8 % and 87.4 % on MIT-BIH | Zhou et al. 2015, doi:10.1371/journal.pone.0136544 |

## What no recording here could test
Called unvalidated, and so to be treated: asystole and standstill with P waves (synthetic only), pauses, ventricular
fibrillation (no detector for it yet), paced patients (pace spikes are not told apart; beat classes must not be used),
children and neonates, sampling rates other than 360 Hz, more than two leads, electrodes worn for days. Ventricular
tachycardia and runs follow from the beat classes and were not counted as episodes. Supraventricular beats and atrial
fibrillation come from too few patients for a mark; flutter and other irregular rhythms are taken for fibrillation.
`;

interface RecordingReport {
  readonly report: Report;
  /** Writes the page from what was added. */
  write(): void;
}

export function recordingReport(inner: Report): RecordingReport {
  const lines: string[] = [];
  return {
    report: {
      add(measurement) {
        lines.push(rowOf(measurement));
        inner.add(measurement);
      },
      exitCode: () => inner.exitCode(),
    },
    write: () => writeFileSync(PAGE, `${BEFORE}${lines.join('\n')}\n${AFTER}`),
  };
}

function rowOf(measurement: Measurement): string {
  const { metric, value, unit, target } = measurement;
  const sign = target?.bound === 'atMost' ? '≤' : '≥';
  const asked = target === undefined ? '' : `${sign} ${target.value}`;
  const verdict = target === undefined ? '' : isMet(measurement) ? 'met' : '**short**';
  const digits = unit === 'percent' ? 2 : 0;
  return `| ${metric} | ${asked} | ${value.toFixed(digits)} ${unit} | ${verdict} |`;
}
