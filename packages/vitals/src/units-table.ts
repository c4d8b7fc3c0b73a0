/**
 * How a sender's unit becomes the catalogue's: canonical = value * factor + offset. Factors are
 * written as the exact ratios of the definitions; a test holds every row equal to a UCUM library.
 *
 * `names` are what else devices and people write for it: MDC unit codes and reference ids (only such
 * as were read in a source) and common spellings. `only` limits a row to some metrics, where the
 * same letters would mean something else elsewhere: "bpm" is a heart rate, never a breath.
 */
export interface UnitRow {
  /** The catalogue's canonical unit. */
  readonly to: string;
  readonly ucum: string;
  readonly factor: number;
  readonly offset?: number;
  readonly names?: readonly string[];
  /** Vitals that take this unit; absent: every metric of the canonical unit. */
  readonly only?: readonly string[];
}

/** UCUM's own figures, in pascal. */
const MM_HG = 133.322;
const CM_H2O = 98.0665;

/** Clinical chemistry's factor for glucose, mmol/L to mg/dL. */
export const GLUCOSE_MG_DL_PER_MMOL_L = 18.0182;

const HEART = ['heart-rate', 'resting-heart-rate', 'pvc-rate'];
const BREATH = ['resp-rate', 'ventilator-rate'];
const OXYGEN_FRACTION = ['fio2', 'fio2-setting'];

export const UNIT_TABLE: readonly UnitRow[] = [
  { to: '/min', ucum: '/min', factor: 1, names: ['1/min', 'min-1'] },
  {
    to: '/min',
    ucum: '{beat}/min',
    factor: 1,
    names: ['{beats}/min', 'beat/min', 'beats/min', 'bpm', 'BPM', '264864', 'MDC_DIM_BEAT_PER_MIN'],
    only: HEART,
  },
  {
    to: '/min',
    ucum: '{breath}/min',
    factor: 1,
    names: ['{breaths}/min', 'breath/min', 'breaths/min', 'brpm', '264928', 'MDC_DIM_RESP_PER_MIN'],
    only: BREATH,
  },
  { to: '/min', ucum: '/s', factor: 60, names: ['1/s', '264608', 'MDC_DIM_PER_SEC'] },
  { to: '/min', ucum: 'Hz', factor: 60, names: ['264640', 'MDC_DIM_HZ'] },

  { to: '%', ucum: '%', factor: 1, names: ['percent', '262688', 'MDC_DIM_PERCENT'] },
  { to: '%', ucum: '%', factor: 1, names: ['%RH'], only: ['ambient-humidity'] },
  { to: '%', ucum: '%', factor: 1, names: ['%EL'], only: ['battery'] },
  { to: '%', ucum: '1', factor: 100, names: ['262656', 'MDC_DIM_DIMLESS'], only: OXYGEN_FRACTION },

  {
    to: 'mm[Hg]',
    ucum: 'mm[Hg]',
    factor: 1,
    names: ['mmHg', 'mm Hg', 'torr', '266016', 'MDC_DIM_MMHG'],
  },
  { to: 'mm[Hg]', ucum: 'kPa', factor: 1000 / MM_HG },
  { to: 'mm[Hg]', ucum: 'cm[H2O]', factor: CM_H2O / MM_HG, names: ['cmH2O'] },
  { to: 'cm[H2O]', ucum: 'cm[H2O]', factor: 1, names: ['cmH2O'] },
  { to: 'cm[H2O]', ucum: 'mbar', factor: 100 / CM_H2O },
  { to: 'cm[H2O]', ucum: 'hPa', factor: 100 / CM_H2O },
  { to: 'cm[H2O]', ucum: 'kPa', factor: 1000 / CM_H2O },
  {
    to: 'cm[H2O]',
    ucum: 'mm[Hg]',
    factor: MM_HG / CM_H2O,
    names: ['mmHg', '266016', 'MDC_DIM_MMHG'],
  },
  { to: 'kPa', ucum: 'kPa', factor: 1 },
  { to: 'kPa', ucum: 'hPa', factor: 0.1 },
  { to: 'kPa', ucum: 'mbar', factor: 0.1 },
  { to: 'kPa', ucum: 'Pa', factor: 0.001 },
  { to: 'kPa', ucum: 'mm[Hg]', factor: MM_HG / 1000, names: ['mmHg', '266016', 'MDC_DIM_MMHG'] },

  {
    to: 'Cel',
    ucum: 'Cel',
    factor: 1,
    names: ['°C', '℃', 'degC', 'C', '268192', 'MDC_DIM_DEGC'],
  },
  {
    to: 'Cel',
    ucum: '[degF]',
    factor: 5 / 9,
    offset: -160 / 9,
    names: ['degF', '°F', '℉', 'F'],
  },
  { to: 'Cel', ucum: 'K', factor: 1, offset: -273.15 },

  { to: 'mg/dL', ucum: 'mg/dL', factor: 1, names: ['mg/dl', '264274', 'MDC_DIM_MILLI_G_PER_DL'] },
  {
    to: 'mg/dL',
    ucum: 'mmol/L',
    factor: GLUCOSE_MG_DL_PER_MMOL_L,
    names: ['mmol/l', '266866', 'MDC_DIM_MILLI_MOLE_PER_L'],
    only: ['glucose'],
  },
  {
    to: 'mmol/L',
    ucum: 'mmol/L',
    factor: 1,
    names: ['mmol/l', '266866', 'MDC_DIM_MILLI_MOLE_PER_L'],
  },

  { to: 'kg', ucum: 'kg', factor: 1, names: ['263875', 'MDC_DIM_KILO_G'] },
  { to: 'kg', ucum: 'g', factor: 0.001 },
  { to: 'kg', ucum: '[lb_av]', factor: 0.45359237, names: ['lb', 'lbs'] },
  { to: 'kg', ucum: '[stone_av]', factor: 6.35029318, names: ['st'] },
  { to: 'g', ucum: 'g', factor: 1 },
  { to: 'cm', ucum: 'cm', factor: 1, names: ['263441', 'MDC_DIM_CENTI_M'] },
  { to: 'cm', ucum: 'm', factor: 100 },
  { to: 'cm', ucum: 'mm', factor: 0.1 },
  { to: 'cm', ucum: '[in_i]', factor: 2.54, names: ['in'] },
  { to: 'kg/m2', ucum: 'kg/m2', factor: 1, names: ['kg/m²', 'kg/m^2'] },

  { to: 'mL', ucum: 'mL', factor: 1, names: ['ml', '263762', 'MDC_DIM_MILLI_L'] },
  { to: 'mL', ucum: 'L', factor: 1000, names: ['l'] },
  { to: 'L', ucum: 'L', factor: 1, names: ['l'] },
  { to: 'L', ucum: 'mL', factor: 0.001, names: ['ml', '263762', 'MDC_DIM_MILLI_L'] },
  { to: 'L/min', ucum: 'L/min', factor: 1, names: ['l/min', 'lpm', 'LPM'] },
  { to: 'L/min', ucum: 'mL/min', factor: 0.001, names: ['ml/min'] },
  { to: 'L/min', ucum: 'L/s', factor: 60, names: ['l/s'] },
  {
    to: 'mL/h',
    ucum: 'mL/h',
    factor: 1,
    names: ['ml/h', 'mL/hr', '265266', 'MDC_DIM_MILLI_L_PER_HR'],
  },
  { to: 'mL/h', ucum: 'L/h', factor: 1000, names: ['l/h'] },
  { to: 'ug/kg/min', ucum: 'ug/kg/min', factor: 1, names: ['mcg/kg/min', '265619'] },
  { to: 'ug/kg/min', ucum: 'mg/kg/h', factor: 1000 / 60 },

  { to: 'mV', ucum: 'mV', factor: 1, names: ['266418', 'MDC_DIM_MILLI_VOLT'] },
  { to: 'mV', ucum: 'uV', factor: 0.001, names: ['µV', 'μV'] },
  { to: 'mV', ucum: 'V', factor: 1000 },
  { to: 'Ohm', ucum: 'Ohm', factor: 1, names: ['ohm', 'Ω', 'Ω'] },
  { to: "[arb'U]", ucum: "[arb'U]", factor: 1, names: ['NU', 'nu', 'arb. units'] },

  { to: 'ms', ucum: 'ms', factor: 1 },
  { to: 'ms', ucum: 's', factor: 1000, names: ['264320', 'MDC_DIM_SEC'] },
  { to: 'min', ucum: 'min', factor: 1 },
  { to: 'min', ucum: 's', factor: 1 / 60, names: ['264320', 'MDC_DIM_SEC'] },
  { to: 'min', ucum: 'h', factor: 60 },
  { to: 'h', ucum: 'h', factor: 1 },
  { to: 'h', ucum: 'min', factor: 1 / 60 },
  { to: 'h', ucum: 's', factor: 1 / 3600, names: ['264320', 'MDC_DIM_SEC'] },
  { to: 'kcal', ucum: 'kcal', factor: 1 },
  { to: 'kcal', ucum: 'kJ', factor: 1 / 4.184 },

  { to: '1', ucum: '1', factor: 1, names: ['262656', 'MDC_DIM_DIMLESS'] },
  { to: '{score}', ucum: '{score}', factor: 1, names: ['1', '262656', 'MDC_DIM_DIMLESS'] },
  { to: '{INR}', ucum: '{INR}', factor: 1, names: ['1', '262656', 'MDC_DIM_DIMLESS'] },
  { to: '{beat}', ucum: '{beat}', factor: 1, names: ['{beats}', 'beats', '1', '262656'] },
  { to: '{steps}', ucum: '{steps}', factor: 1, names: ['steps', '1', '268800'] },
  { to: '{dose}', ucum: '{dose}', factor: 1, names: ['{doses}', '1'] },
  { to: '[iU]', ucum: '[iU]', factor: 1, names: ['IU', '[IU]'] },
];
