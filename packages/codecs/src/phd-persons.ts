import type { PersonScan, PhdEvent } from './phd-event.ts';

export interface OwnPart {
  readonly event: PhdEvent;
  /** Persons of the report whose measurements were left out. */
  readonly others: number;
}

/** Of a report about several persons what is of those who are meant; any other report is whole. */
export function ownPart(event: PhdEvent, isOwn: (personId: number) => boolean): OwnPart {
  switch (event.kind) {
    case 'fixed':
    case 'variable':
    case 'grouped': {
      if (!event.isMultiPerson) return { event, others: 0 };
      const kept = <Of>(persons: readonly PersonScan<Of>[]) =>
        persons.filter(({ personId }) => isOwn(personId));
      const own = { ...event, persons: kept<never>(event.persons as PersonScan<never>[]) };
      return { event: own, others: event.persons.length - own.persons.length };
    }
    case 'configuration':
    case 'segment-data':
    case 'other':
      return { event, others: 0 };
    default:
      return event satisfies never;
  }
}
