import { EPISODIC, every, mdc, mdcUnverified, row } from './catalogue-row.ts';
import type { Cadence, MdcTerm, Metric } from './metric.ts';

const PROBE = every(10_000);

interface Temperature {
  readonly key: string;
  readonly label: string;
  readonly rank: number;
  readonly loinc: readonly string[];
  readonly loincUnverified?: readonly string[];
  readonly mdc: readonly MdcTerm[];
  readonly range?: readonly [number, number];
  readonly cadence: Cadence;
}

/** FHIR's body temperature profile wants 8310-5 first, whatever the site. */
function bodyTemperature(entry: Temperature): Metric {
  return row({
    range: [25, 45],
    ...entry,
    vital: 'body-temperature',
    unit: 'Cel',
    step: 0.1,
    ink: 'temperature',
  });
}

/** Temperature, glucose and the measures of the body. */
export const BODY = [
  bodyTemperature({
    key: 'body-temperature',
    label: 'Body temperature',
    rank: 6,
    loinc: ['8310-5'],
    mdc: [mdc(150364, 'MDC_TEMP_BODY'), mdc(150344, 'MDC_TEMP')],
    cadence: PROBE,
  }),
  bodyTemperature({
    key: 'body-temperature-core',
    label: 'Body temperature (core)',
    rank: 1,
    loinc: ['8310-5', '8329-5'],
    mdc: [mdc(150368, 'MDC_TEMP_CORE')],
    cadence: PROBE,
  }),
  bodyTemperature({
    key: 'body-temperature-oesophageal',
    label: 'Body temperature (oesophagus)',
    rank: 2,
    loinc: ['8310-5'],
    loincUnverified: ['60834-9'],
    mdc: [mdc(150372, 'MDC_TEMP_ESOPH')],
    cadence: PROBE,
  }),
  bodyTemperature({
    key: 'body-temperature-rectal',
    label: 'Body temperature (rectum)',
    rank: 3,
    loinc: ['8310-5', '8332-9'],
    mdc: [mdc(188420, 'MDC_TEMP_RECT')],
    cadence: EPISODIC,
  }),
  bodyTemperature({
    key: 'body-temperature-tympanic',
    label: 'Body temperature (ear drum)',
    rank: 4,
    loinc: ['8310-5', '8333-7'],
    mdc: [mdc(150392, 'MDC_TEMP_TYMP')],
    cadence: EPISODIC,
  }),
  bodyTemperature({
    key: 'body-temperature-oral',
    label: 'Body temperature (mouth)',
    rank: 5,
    loinc: ['8310-5', '8331-1'],
    mdc: [mdc(188424, 'MDC_TEMP_ORAL')],
    range: [30, 45],
    cadence: EPISODIC,
  }),
  row({
    // Skin is not the body's core: a cool hand must not be read as hypothermia.
    key: 'skin-temperature',
    label: 'Skin temperature',
    loinc: ['39106-0'],
    mdc: [mdc(150388, 'MDC_TEMP_SKIN')],
    unit: 'Cel',
    range: [15, 45],
    step: 0.1,
    cadence: PROBE,
    ink: 'temperature',
  }),
  row({
    // The sensor is ranked first because it is there now; every source is held against the limits.
    key: 'glucose-interstitial',
    label: 'Glucose (interstitial)',
    vital: 'glucose',
    rank: 1,
    loinc: ['99504-3'],
    loincOfUnit: [{ code: '105272-9', unit: 'mmol/L' }],
    mdc: [mdc(160212, 'MDC_CONC_GLU_ISF')],
    unit: 'mg/dL',
    range: [20, 500],
    step: 1,
    cadence: every(300_000),
    ink: 'glucose',
  }),
  row({
    key: 'glucose-capillary',
    label: 'Glucose (capillary)',
    vital: 'glucose',
    rank: 2,
    loinc: ['41653-7'],
    loincOfUnit: [{ code: '14743-9', unit: 'mmol/L' }],
    mdc: [
      mdc(160184, 'MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD'),
      mdcUnverified(160188, 'MDC_CONC_GLU_CAPILLARY_PLASMA'),
    ],
    unit: 'mg/dL',
    range: [10, 600],
    step: 1,
    cadence: EPISODIC,
    ink: 'glucose',
  }),
  row({
    key: 'glucose-blood',
    label: 'Glucose (blood, source not named)',
    vital: 'glucose',
    rank: 3,
    loinc: ['2339-0'],
    loincOfUnit: [{ code: '15074-8', unit: 'mmol/L' }],
    mdc: [mdcUnverified(160020, 'MDC_CONC_GLU_GEN')],
    unit: 'mg/dL',
    range: [10, 1000],
    step: 1,
    cadence: EPISODIC,
    ink: 'glucose',
  }),
  row({
    key: 'ketone-capillary',
    label: 'Beta-hydroxybutyrate (capillary)',
    loinc: ['53060-9'],
    unit: 'mmol/L',
    range: [0, 10],
    step: 0.1,
    cadence: EPISODIC,
    ink: 'glucose',
  }),
  row({
    key: 'weight',
    label: 'Body weight',
    loinc: ['29463-7'],
    mdc: [mdc(188736, 'MDC_MASS_BODY_ACTUAL')],
    unit: 'kg',
    range: [0.2, 400],
    step: 0.1,
    cadence: EPISODIC,
    ink: 'weight',
  }),
  row({
    key: 'height',
    label: 'Body height',
    loinc: ['8302-2'],
    mdc: [mdc(188740, 'MDC_LEN_BODY_ACTUAL')],
    unit: 'cm',
    range: [20, 260],
    step: 0.1,
    cadence: EPISODIC,
  }),
  row({
    key: 'bmi',
    label: 'Body mass index',
    loinc: ['39156-5'],
    mdc: [mdcUnverified(188752, 'MDC_RATIO_MASS_BODY_LEN_SQ')],
    unit: 'kg/m2',
    range: [8, 100],
    step: 0.1,
    cadence: EPISODIC,
    ink: 'weight',
  }),
  row({
    key: 'body-fat',
    label: 'Body fat',
    loinc: ['41982-0'],
    mdc: [mdcUnverified(188748, 'MDC_BODY_FAT')],
    unit: '%',
    range: [2, 75],
    step: 0.1,
    cadence: EPISODIC,
    ink: 'weight',
  }),
  row({
    key: 'body-water',
    label: 'Body water mass',
    loincUnverified: ['73708-0'],
    mdc: [mdcUnverified(188764, 'MDC_BODY_WATER')],
    unit: 'kg',
    range: [5, 150],
    step: 0.1,
    cadence: EPISODIC,
    ink: 'weight',
  }),
];
