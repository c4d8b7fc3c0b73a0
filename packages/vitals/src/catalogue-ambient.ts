import { EPISODIC, every, mdc, mdcUnverified, row } from './catalogue-row.ts';

const EACH_QUARTER_HOUR = every(900_000);

/** Rooms, fridges, shipments and the devices themselves. */
export const AMBIENT = [
  row({
    key: 'ambient-temperature',
    label: 'Ambient temperature',
    loincUnverified: ['60832-3'],
    mdc: [mdcUnverified(188508, 'MDC_TEMP_ROOM')],
    unit: 'Cel',
    range: [-90, 60],
    step: 0.1,
    cadence: EACH_QUARTER_HOUR,
  }),
  row({
    key: 'ambient-pressure',
    label: 'Ambient pressure',
    mdc: [mdcUnverified(152836, 'MDC_PRESS_AIR_AMBIENT')],
    unit: 'kPa',
    range: [50, 110],
    step: 0.1,
    cadence: EACH_QUARTER_HOUR,
  }),
  row({
    key: 'ambient-humidity',
    label: 'Relative humidity',
    loincUnverified: ['65643-9'],
    mdc: [mdcUnverified(188804, 'MDC_REL_HUMIDITY_AMBIENT')],
    unit: '%',
    range: [0, 100],
    step: 1,
    cadence: EACH_QUARTER_HOUR,
  }),
  row({
    key: 'battery',
    label: 'Battery charge',
    kind: 'technical',
    mdc: [mdc(67996, 'MDC_ATTR_VAL_BATT_CHARGE')],
    unit: '%',
    range: [0, 100],
    step: 1,
    cadence: EPISODIC,
  }),
];
