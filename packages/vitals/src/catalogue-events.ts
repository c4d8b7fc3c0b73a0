import { mdc, mdcUnverified } from './catalogue-row.ts';
import type { EventKind } from './event.ts';
import type { MdcTerm } from './metric.ts';

/** What 11073 calls each kind of event; empty where no term was found. */
export const EVENT_TERMS: Readonly<Record<EventKind, readonly MdcTerm[]>> = {
  fall: [mdc(8519681, 'MDC_AI_TYPE_SENSOR_FALL')],
  button: [mdc(8519682, 'MDC_AI_TYPE_SENSOR_PERS')],
  'dose-taken': [mdc(8532994, 'MDC_AI_MED_STATUS'), mdc(8519693, 'MDC_AI_TYPE_SENSOR_DOSAGE')],
  'door-crossed': [mdcUnverified(8520703, 'MDC_AI_LOCATION')],
  'leads-off': [],
  'leads-on': [],
};
