/**
 * How the alarms of a protocol are named: by what they are about, so that one condition is one alert
 * (safety S20), whichever protocol watches, and none passes for another kind of alarm.
 */
import { isOfSurroundings, metricsOfVital } from '@ausculta/vitals/lookup';
import type { Detector, Protocol } from './protocol.ts';

/** What the condition of such a detector is called, or what its name begins with. */
function nameOf(detector: Detector): string {
  switch (detector.kind) {
    case 'limit': {
      const isOfDevices = metricsOfVital(detector.vital).every(isOfSurroundings);
      const family = isOfDevices ? 'technical' : 'limit';
      return `${family}/${detector.vital}/${detector.direction}`;
    }
    case 'rate':
    case 'trend':
    case 'baseline':
      return `${detector.kind}/${detector.vital}/${detector.direction}`;
    case 'overdue':
      return `overdue/${detector.vital}`;
    case 'score':
      return `score/${detector.score}`;
    case 'device':
      return `technical/${detector.condition}`;
    case 'event':
      return `call/${detector.event}`;
    case 'rhythm':
      return `rhythm/${detector.finding}`;
    case 'composite':
      return 'composite/';
    default:
      return detector satisfies never;
  }
}

/** Where, and what it has to be: nothing where all is named well. */
export function namingProblems({ rules }: Pick<Protocol, 'rules'>): readonly string[] {
  return rules.flatMap(({ episodeKey, detector }, index) => {
    const name = nameOf(detector);
    const isRight = name.endsWith('/') ? episodeKey.startsWith(name) : episodeKey === name;
    return isRight ? [] : [`rules.${index}.episodeKey: ${name}${name.endsWith('/') ? '…' : ''}`];
  });
}
