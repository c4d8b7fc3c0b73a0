/** A body's measured fields, what they may be written in, and what else it must keep to. */
export interface OmhSchema {
  readonly quantities: readonly OmhQuantity[];
  /** From this version on, a body says when. */
  readonly timeFromVersion: number;
  /** From this version on, it says from when to when. */
  readonly intervalFromVersion?: number;
}

export interface OmhQuantity {
  readonly field: string;
  /** The metric, or how the body tells it. */
  readonly metric: string | ((body: Readonly<Record<string, unknown>>) => string);
  /** Open mHealth's names of units, and UCUM's. */
  readonly units: Readonly<Record<string, string>>;
  readonly isOptional?: true;
  /** Up to this version the value stands alone, a count. */
  readonly plainUpToVersion?: number;
}

const MASSES = { kg: 'kg', g: 'g', lb: '[lb_av]' };
const LENGTHS = { cm: 'cm', m: 'm', in: '[in_i]' };
const RATES = { 'beats/min': '/min' };

function glucoseMetric({ specimen_source, blood_specimen_type }: Record<string, unknown>): string {
  const specimen = specimen_source ?? blood_specimen_type;
  if (specimen === 'interstitial fluid') return 'glucose-interstitial';
  return specimen === 'capillary blood' ? 'glucose-capillary' : 'glucose-blood';
}

const TEMPERATURES: ReadonlyMap<unknown, string> = new Map([
  ['oral', 'body-temperature-oral'],
  ['rectal', 'body-temperature-rectal'],
  ['tympanic', 'body-temperature-tympanic'],
]);

/** One measured field of the schema's own name, with an underscore for each hyphen. */
function one(
  name: string,
  metric: OmhQuantity['metric'],
  units: OmhQuantity['units'],
  timeFromVersion: number,
): readonly [name: string, schema: OmhSchema] {
  const field = name.replaceAll('-', '_');
  return [name, { quantities: [{ field, metric, units }], timeFromVersion }];
}

/**
 * Schemas of openmhealth.org in the namespace omh, by name. Before the version in the last column a
 * body may leave its time out, and is then of the moment of its receipt.
 */
export const OMH_SCHEMAS: ReadonlyMap<string, OmhSchema> = new Map([
  one('blood-glucose', glucoseMetric, { 'mg/dL': 'mg/dL', 'mmol/L': 'mmol/L' }, 3),
  one('body-fat-percentage', 'body-fat', { '%': '%' }, 2),
  one('body-height', 'height', LENGTHS, 2),
  one('body-mass-index', 'bmi', { 'kg/m2': 'kg/m2' }, 2),
  one(
    'body-temperature',
    ({ measurement_location }) => TEMPERATURES.get(measurement_location) ?? 'body-temperature',
    { C: 'Cel', F: '[degF]', K: 'K' },
    3,
  ),
  one('body-weight', 'weight', MASSES, 2),
  one('heart-rate', 'heart-rate', RATES, 2),
  one('respiratory-rate', 'resp-rate', { 'breaths/min': '/min' }, 2),
  one('rr-interval', 'rr-interval', { ms: 'ms', sec: 's' }, 2),
  [
    'blood-pressure',
    {
      quantities: [
        { field: 'systolic_blood_pressure', metric: 'nibp-systolic', units: { mmHg: 'mm[Hg]' } },
        { field: 'diastolic_blood_pressure', metric: 'nibp-diastolic', units: { mmHg: 'mm[Hg]' } },
      ],
      timeFromVersion: 3,
    },
  ],
  [
    'oxygen-saturation',
    {
      quantities: [
        { field: 'oxygen_saturation', metric: 'spo2', units: { '%': '%' } },
        {
          field: 'supplemental_oxygen_flow_rate',
          metric: 'oxygen-flow',
          units: { 'L/min': 'L/min' },
          isOptional: true,
        },
      ],
      timeFromVersion: 2,
    },
  ],
  [
    'sleep-duration',
    {
      quantities: [
        {
          field: 'sleep_duration',
          metric: 'sleep-duration',
          units: { h: 'h', min: 'min', sec: 's' },
        },
      ],
      timeFromVersion: 2,
      intervalFromVersion: 2,
    },
  ],
  [
    'step-count',
    {
      quantities: [
        { field: 'step_count', metric: 'steps', units: { steps: '{steps}' }, plainUpToVersion: 2 },
      ],
      timeFromVersion: 2,
      intervalFromVersion: 2,
    },
  ],
]);

/** Words that a body may say beside its value; another word makes it another schema's body. */
export const OMH_WORDS: Readonly<Record<string, ReadonlySet<unknown>>> = {
  blood_specimen_type: new Set(['whole blood', 'plasma', 'serum', 'capillary blood']),
  specimen_source: new Set([
    'interstitial fluid',
    'capillary blood',
    'plasma',
    'serum',
    'tears',
    'whole blood',
  ]),
  temporal_relationship_to_meal: new Set([
    'fasting',
    'not fasting',
    'before meal',
    'after meal',
    'with meal',
    'with food',
    'before breakfast',
    'after breakfast',
    'before lunch',
    'after lunch',
    'before dinner',
    'after dinner',
    '2 hours postprandial',
  ]),
  temporal_relationship_to_sleep: new Set(['before sleeping', 'during sleep', 'on waking']),
  temporal_relationship_to_physical_activity: new Set([
    'at rest',
    'active',
    'before exercise',
    'after exercise',
    'during exercise',
  ]),
  body_posture: new Set(['sitting', 'lying down', 'standing', 'semi-recumbent']),
  descriptive_statistic: new Set([
    'average',
    'count',
    'maximum',
    'median',
    'minimum',
    'standard deviation',
    'sum',
    'variance',
    '20th percentile',
    '80th percentile',
    'lower quartile',
    'upper quartile',
    'quartile deviation',
    '1st quintile',
    '2nd quintile',
    '3rd quintile',
    '4th quintile',
  ]),
};
