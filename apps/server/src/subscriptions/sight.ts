/**
 * What a subscription may tell: what whoever wrote it may see at that moment, and nothing that they could not
 * read themselves. Where the person alone whom it is about has kept all of it back, or nobody is left for whom
 * it acts, it has ended.
 */
import type { DataClass } from '@ausculta/policy/vocabulary';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { classesOfType } from '../access/document-class.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Viewers } from '../access/viewers.ts';
import { viewAs } from '../database/viewing.ts';
import type { Repository } from '../fhir/repository.ts';
import type { Makers } from '../people/makers.ts';
import type { Followed } from './book.ts';
import type { EventContent } from './event-content.ts';
import { subjectsOf } from './reading-limits.ts';
import type { Records } from './records.ts';
import type { SubscriptionKey } from './store.ts';

export interface SightPorts {
  readonly makers: Pick<Makers, 'askerOf'>;
  readonly viewers: () => Pick<Viewers, 'of'>;
  readonly repository: () => Pick<Repository, 'read' | 'readVersion'>;
  readonly records: Records;
}

/** Whoever looks: all of them must be allowed to. Undefined is somebody who is not here any more. */
export type Eyes = readonly (Viewer | undefined)[];

export interface SeenEvent {
  readonly content: EventContent;
  readonly subjectId: SubjectId | null;
}

export type Sighting =
  | { readonly isSeen: false }
  | { readonly isSeen: true; readonly text: string | undefined };

const HIDDEN: Sighting = { isSeen: false };

const GONE =
  'It has ended: whoever asked for it is not here any more. Somebody else may request it anew.';
const KEPT_BACK_WHOLE =
  'It has ended: whoever asked for it may not see any more what it is about. Whoever may requests it anew.';

export class Sight {
  readonly #ports: SightPorts;

  constructor(ports: SightPorts) {
    this.#ports = ports;
  }

  async viewerFor({ organisationId, maker }: Pick<Followed, 'organisationId' | 'maker'>) {
    const { makers, viewers } = this.#ports;
    const asker = maker && (await makers.askerOf(organisationId, maker));
    return asker && viewers().of(asker);
  }

  /** Undefined while there is somebody for whom it tells something, now or when they are on shift again. */
  async whyEnded(followed: Followed): Promise<string | undefined> {
    const viewer = await this.viewerFor(followed);
    if (viewer === undefined) return GONE;
    const { plan } = followed;
    const named = subjectsOf({ filters: [...plan.filters, ...plan.alarms] }, (id) =>
      this.#ports.records.usedFor(id),
    );
    if (named === undefined || named.length === 0) return undefined;
    const classes = classesToldBy(plan);
    const isKeptBack = named.every((id) => classes.every((one) => isClosed(viewer, one, id)));
    return isKeptBack ? KEPT_BACK_WHOLE : undefined;
  }

  /** With its text, where there is one and it is asked for. */
  async see(
    { organisationId }: SubscriptionKey,
    { content, subjectId }: SeenEvent,
    { eyes, isFull }: { readonly eyes: Eyes; readonly isFull: boolean },
  ): Promise<Sighting> {
    let text: string | undefined;
    for (const eye of eyes) {
      if (eye === undefined) return HIDDEN;
      if (content.kind === 'alarm') {
        if (subjectId === null || !eye.seesAlarmsOf(subjectId)) return HIDDEN;
        continue;
      }
      if (content.kind === 'document' && content.isDeleted) {
        if (!seesSomeOf(eye, content.type, subjectId)) return HIDDEN;
        continue;
      }
      // Whoever sees all of everybody need not look to know that they may.
      if (!isFull && eye.seesEverything()) continue;
      const read = await viewAs(eye, () => this.#read(organisationId, content));
      if (!read.ok) return HIDDEN;
      ({ text } = read.value);
    }
    return { isSeen: true, text };
  }

  #read(
    organisationId: OrganisationId,
    content: Exclude<EventContent, { kind: 'alarm' }>,
  ): ReturnType<Repository['read']> {
    const repository = this.#ports.repository();
    const { id } = content;
    if (content.kind === 'reading')
      return repository.read(organisationId, { type: 'Observation', id });
    const { type, version: versionId } = content;
    return repository.readVersion(organisationId, { type, id, versionId });
  }
}

/** A person's own no, and not that somebody is off shift: that passes. */
function isClosed(viewer: Viewer, dataClass: DataClass, subjectId: SubjectId): boolean {
  const decision = viewer.decide({ action: 'read', dataClass, subjectId, labels: [] });
  return !decision.isPermitted && decision.code.startsWith('CONSENT_');
}

function seesSomeOf(viewer: Viewer, type: string, subjectId: SubjectId | null): boolean {
  if (subjectId === null) return viewer.reaches(type);
  return classesOfType(type).some((dataClass) =>
    viewer.may({ action: 'read', dataClass, subjectId, labels: [] }),
  );
}

function classesToldBy({ topic, filters }: Followed['plan']): readonly DataClass[] {
  if (topic === 'alarm') return ['alarms'];
  return filters.flatMap(({ type }) => classesOfType(type));
}
