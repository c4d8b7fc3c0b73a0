/** One screen on its socket: what it watches, and how far it has been told. Nothing is queued for it. */
import type { LiveNotice } from '@ausculta/contract/live';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import { Names } from './names.ts';

/** What a socket needs to do; the door to WebSocket hands it in. */
export interface LiveSocket {
  readonly send: (frame: Uint8Array) => void;
  readonly bufferedBytes: () => number;
  readonly close: () => void;
}

/** The number of the last change of each kind that was sent; -1: a snapshot is owed. */
export interface Seen {
  numbers: number;
  waveforms: number;
  /** Not only alarms. */
  isWhole: boolean;
}

/** What of an organisation this one may see, whenever it is asked. */
export interface Sight {
  readonly seesAlarmsOf: (subjectId: SubjectId) => boolean;
  /** That the bed has an alarm, and how urgent it is. */
  readonly seesBedOf: (subjectId: SubjectId) => boolean;
  readonly seesMetric: (subjectId: SubjectId, metric: Metric) => boolean;
  /** When what was measured is seen; undefined: whenever. */
  readonly spanOf: (
    subjectId: SubjectId,
  ) => { readonly fromMs: number; readonly toMs: number } | undefined;
  /** Anything at all. */
  readonly sees: (subjectId: SubjectId) => boolean;
}

export class Viewer {
  readonly organisationId: OrganisationId;
  readonly sight: Sight;
  readonly socket: LiveSocket;
  readonly names = new Names();
  readonly notices: LiveNotice[] = [];
  readonly watched = new Map<SubjectId, Seen>();
  /** What was asked for last, whether it may be seen now or not. */
  wanted: ReadonlySet<SubjectId> = new Set();
  /** Alarms of which the finding is kept back, by the names that tell of it: their numbers here. */
  readonly keptBack = new Map<string, number>();
  waveformMetrics: ReadonlySet<string> | undefined;
  frameNumber = 0;
  droppedMs = 0;
  degradedSaid: string | undefined;
  /** Undefined: that there is one. */
  watchdogSaidMs: number | null | undefined;

  constructor(organisationId: OrganisationId, sight: Sight, socket: LiveSocket) {
    this.organisationId = organisationId;
    this.sight = sight;
    this.socket = socket;
  }
}
