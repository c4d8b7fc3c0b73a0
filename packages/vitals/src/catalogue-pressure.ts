import { EACH_SECOND, EPISODIC, mdc, row } from './catalogue-row.ts';
import type { MdcTerm, Metric } from './metric.ts';

/**
 * The blood pressure panel: a grouping in FHIR, never a value of its own. A cuff's readings of one
 * stamp are one panel.
 */
export const BLOOD_PRESSURE_PANEL: { readonly loinc: string; readonly mdc: MdcTerm } = {
  loinc: '85354-9',
  mdc: mdc(150020, 'MDC_PRESS_BLD_NONINV'),
};

type Phase = 'systolic' | 'diastolic' | 'mean';

interface BloodPressure {
  readonly key: string;
  readonly label: string;
  readonly phase: Phase;
  readonly loinc: string;
  readonly mdc: readonly MdcTerm[];
}

/** Continuous invasive pressure; the range allows the overshoot of a flush and of a transducer's zero. */
function arterial(entry: BloodPressure & { readonly rank: number }): Metric {
  return row({
    ...entry,
    vital: `blood-pressure-${entry.phase}`,
    loinc: [entry.loinc],
    unit: 'mm[Hg]',
    range: [-50, 360],
    step: 1,
    cadence: EACH_SECOND,
    ink: 'arterial',
  });
}

function cuff(entry: BloodPressure & { readonly range: readonly [number, number] }): Metric {
  return row({
    ...entry,
    vital: `blood-pressure-${entry.phase}`,
    rank: 3,
    loinc: [entry.loinc],
    unit: 'mm[Hg]',
    step: 1,
    cadence: EPISODIC,
    ink: 'nibp',
  });
}

/** Pressures of the circulation and of the skull. Airway pressures are in catalogue-airway.ts. */
export const PRESSURE = [
  cuff({
    key: 'nibp-systolic',
    label: 'Systolic blood pressure (cuff)',
    phase: 'systolic',
    loinc: '8480-6',
    // Monitors send the cuff's systolic value as MDC_PRESS_CUFF_SYS too. Its name says systolic, and
    // a low pressure must reach its limit; so it is never taken for the pressure while inflating.
    mdc: [mdc(150021, 'MDC_PRESS_BLD_NONINV_SYS'), mdc(150301, 'MDC_PRESS_CUFF_SYS')],
    range: [30, 300],
  }),
  cuff({
    key: 'nibp-diastolic',
    label: 'Diastolic blood pressure (cuff)',
    phase: 'diastolic',
    loinc: '8462-4',
    mdc: [mdc(150022, 'MDC_PRESS_BLD_NONINV_DIA')],
    range: [10, 200],
  }),
  cuff({
    key: 'nibp-mean',
    label: 'Mean blood pressure (cuff)',
    phase: 'mean',
    loinc: '8478-0',
    mdc: [mdc(150023, 'MDC_PRESS_BLD_NONINV_MEAN')],
    range: [20, 240],
  }),
  row({
    key: 'cuff-pressure',
    label: 'Cuff pressure while measuring',
    unit: 'mm[Hg]',
    range: [0, 300],
    step: 1,
    cadence: EPISODIC,
    ink: 'nibp',
  }),
  arterial({
    key: 'abp-systolic',
    label: 'Systolic blood pressure (arterial line)',
    phase: 'systolic',
    rank: 1,
    loinc: '76215-3',
    mdc: [mdc(150037, 'MDC_PRESS_BLD_ART_ABP_SYS')],
  }),
  arterial({
    key: 'abp-diastolic',
    label: 'Diastolic blood pressure (arterial line)',
    phase: 'diastolic',
    rank: 1,
    loinc: '76213-8',
    mdc: [mdc(150038, 'MDC_PRESS_BLD_ART_ABP_DIA')],
  }),
  arterial({
    key: 'abp-mean',
    label: 'Mean blood pressure (arterial line)',
    phase: 'mean',
    rank: 1,
    loinc: '76214-6',
    mdc: [mdc(150039, 'MDC_PRESS_BLD_ART_ABP_MEAN')],
  }),
  arterial({
    key: 'art-systolic',
    label: 'Systolic blood pressure (arterial, site not named)',
    phase: 'systolic',
    rank: 2,
    loinc: '76215-3',
    mdc: [mdc(150033, 'MDC_PRESS_BLD_ART_SYS')],
  }),
  arterial({
    key: 'art-diastolic',
    label: 'Diastolic blood pressure (arterial, site not named)',
    phase: 'diastolic',
    rank: 2,
    loinc: '76213-8',
    mdc: [mdc(150034, 'MDC_PRESS_BLD_ART_DIA')],
  }),
  arterial({
    key: 'art-mean',
    label: 'Mean blood pressure (arterial, site not named)',
    phase: 'mean',
    rank: 2,
    loinc: '76214-6',
    mdc: [mdc(150035, 'MDC_PRESS_BLD_ART_MEAN')],
  }),
  row({
    key: 'cvp-mean',
    label: 'Central venous pressure',
    loinc: ['60985-9'],
    mdc: [mdc(150087, 'MDC_PRESS_BLD_VEN_CENT_MEAN')],
    unit: 'mm[Hg]',
    range: [-20, 60],
    step: 1,
    cadence: EACH_SECOND,
  }),
  row({
    key: 'pap-mean',
    label: 'Pulmonary artery pressure, mean',
    loincUnverified: ['8414-5'],
    mdc: [mdc(150047, 'MDC_PRESS_BLD_ART_PULM_MEAN')],
    unit: 'mm[Hg]',
    range: [0, 120],
    step: 1,
    cadence: EACH_SECOND,
  }),
  row({
    key: 'icp-mean',
    label: 'Intracranial pressure, mean',
    loincUnverified: ['60956-0'],
    mdc: [mdc(153611, 'MDC_PRESS_INTRA_CRAN_MEAN')],
    unit: 'mm[Hg]',
    range: [-20, 100],
    step: 1,
    cadence: EACH_SECOND,
  }),
];
