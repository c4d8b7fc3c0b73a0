import { mdc, row, sampled } from './catalogue-row.ts';
import type { MdcTerm, Metric, MetricInk } from './metric.ts';

/** One lead in millivolts. MIT-BIH's modified lead II (MLII) is kept as `ecg-ii`. */
function lead(key: string, label: string, terms: readonly MdcTerm[]): Metric {
  return row({
    key,
    label,
    kind: 'waveform',
    mdc: terms,
    unit: 'mV',
    range: [-10, 10],
    step: 0.001,
    cadence: sampled(250),
    ink: 'ecg',
  });
}

/**
 * A signal whose source normalised it, so that no scale is known any more. It is a metric of its
 * own: a trace in arbitrary units can then never be stored, merged or drawn as one with a scale.
 */
function normalised(key: string, label: string, ink: MetricInk, vital: string): Metric {
  return row({
    key,
    label,
    kind: 'waveform',
    vital,
    rank: 2,
    unit: "[arb'U]",
    range: [-1_000_000, 1_000_000],
    step: 0.001,
    cadence: sampled(125),
    ink,
  });
}

export const WAVEFORMS = [
  lead('ecg-i', 'ECG lead I', [mdc(131329, 'MDC_ECG_ELEC_POTL_I')]),
  lead('ecg-ii', 'ECG lead II', [mdc(131330, 'MDC_ECG_ELEC_POTL_II')]),
  lead('ecg-iii', 'ECG lead III', [mdc(131389, 'MDC_ECG_ELEC_POTL_III')]),
  lead('ecg-avr', 'ECG lead aVR', [mdc(131390, 'MDC_ECG_ELEC_POTL_AVR')]),
  lead('ecg-avl', 'ECG lead aVL', [mdc(131391, 'MDC_ECG_ELEC_POTL_AVL')]),
  lead('ecg-avf', 'ECG lead aVF', [mdc(131392, 'MDC_ECG_ELEC_POTL_AVF')]),
  lead('ecg-v', 'ECG chest lead, place not named', []),
  lead('ecg-v1', 'ECG lead V1', [mdc(131331, 'MDC_ECG_ELEC_POTL_V1')]),
  lead('ecg-v2', 'ECG lead V2', [mdc(131332, 'MDC_ECG_ELEC_POTL_V2')]),
  lead('ecg-v3', 'ECG lead V3', [mdc(131333, 'MDC_ECG_ELEC_POTL_V3')]),
  lead('ecg-v4', 'ECG lead V4', [mdc(131334, 'MDC_ECG_ELEC_POTL_V4')]),
  lead('ecg-v5', 'ECG lead V5', [mdc(131335, 'MDC_ECG_ELEC_POTL_V5')]),
  lead('ecg-v6', 'ECG lead V6', [mdc(131336, 'MDC_ECG_ELEC_POTL_V6')]),
  row({
    key: 'ecg',
    label: 'ECG, lead not named',
    kind: 'waveform',
    loinc: ['11524-6'],
    mdc: [mdc(131328, 'MDC_ECG_ELEC_POTL')],
    unit: 'mV',
    range: [-10, 10],
    step: 0.001,
    cadence: sampled(250),
    ink: 'ecg',
  }),
  row({
    key: 'pleth',
    label: 'Pleth',
    kind: 'waveform',
    mdc: [mdc(150452, 'MDC_PULS_OXIM_PLETH')],
    unit: '%',
    range: [0, 100],
    step: 0.1,
    cadence: sampled(125),
    ink: 'spo2',
  }),
  row({
    // The standards name no range for impedance; this bound only catches a converter gone wild.
    key: 'resp-wave',
    label: 'Respiration',
    kind: 'waveform',
    mdc: [mdc(151780, 'MDC_IMPED_TTHOR'), mdc(151552, 'MDC_RESP')],
    unit: 'Ohm',
    range: [-10_000, 10_000],
    step: 0.001,
    cadence: sampled(62.5),
    ink: 'resp',
  }),
  row({
    key: 'co2-wave',
    label: 'Capnogram',
    kind: 'waveform',
    mdc: [mdc(151724, 'MDC_AWAY_CO2')],
    unit: 'mm[Hg]',
    range: [0, 150],
    step: 0.1,
    cadence: sampled(62.5),
    ink: 'co2',
  }),
  row({
    key: 'abp-wave',
    label: 'Arterial pressure',
    kind: 'waveform',
    mdc: [mdc(150036, 'MDC_PRESS_BLD_ART_ABP')],
    unit: 'mm[Hg]',
    range: [-50, 360],
    step: 0.1,
    cadence: sampled(125),
    ink: 'arterial',
  }),
  row({
    key: 'cvp-wave',
    label: 'Central venous pressure',
    kind: 'waveform',
    mdc: [mdc(150084, 'MDC_PRESS_BLD_VEN_CENT')],
    unit: 'mm[Hg]',
    range: [-20, 60],
    step: 0.1,
    cadence: sampled(125),
  }),
  normalised('ecg-ii-arb', 'ECG lead II, normalised', 'ecg', 'ecg-ii'),
  normalised('ecg-avr-arb', 'ECG lead aVR, normalised', 'ecg', 'ecg-avr'),
  normalised('ecg-v-arb', 'ECG chest lead, normalised', 'ecg', 'ecg-v'),
  normalised('pleth-arb', 'Pleth, normalised', 'spo2', 'pleth'),
  normalised('resp-wave-arb', 'Respiration, normalised', 'resp', 'resp-wave'),
];
