/** What nobody here knows how to measure, by the name that its sender gave it. */
import { type Fault, fail } from '@ausculta/vitals/fault';

/** A name of the field: what else stands there may be a person's, and a fault is kept and told in clear. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}$/;

export function unknownMetric(name: string): Fault {
  return fail('METRIC_UNKNOWN', NAME.test(name) ? name : undefined).fault;
}
