/** One screen on its socket: what it watches, and how far it has been told. Nothing is queued for it. */
import type { LiveNotice } from '@ausculta/contract/live';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
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
}

export class Viewer {
  readonly organisationId: OrganisationId;
  readonly socket: LiveSocket;
  readonly names = new Names();
  readonly notices: LiveNotice[] = [];
  readonly watched = new Map<SubjectId, Seen>();
  waveformMetrics: ReadonlySet<string> | undefined;
  frameNumber = 0;
  droppedMs = 0;
  degradedSaid: string | undefined;

  constructor(organisationId: OrganisationId, socket: LiveSocket) {
    this.organisationId = organisationId;
    this.socket = socket;
  }
}
