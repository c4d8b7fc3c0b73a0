// What the bench and its load generator say to each other.
import type { LoadDevice } from './connection.ts';
import type { DenseForm } from './dense-messages.ts';

export interface Leg {
  readonly kind: 'leg';
  readonly port: number;
  /** Flood: as fast as acknowledgements come back. Paced: this many a second, spread evenly. */
  readonly load:
    | { readonly kind: 'flood'; readonly inFlight: number }
    | { readonly kind: 'paced'; readonly perSecond: number; readonly slots?: number }
    /** Connected, and silent. */
    | { readonly kind: 'idle' };
  /** One moment as plain JSON unless it says otherwise. */
  readonly dense?: DenseForm;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Sent to the platform: their stamps are kept for reading back. */
  readonly isKept: boolean;
}

export type ToGenerator =
  | { readonly kind: 'devices'; readonly devices: readonly LoadDevice[] }
  | Leg
  | { readonly kind: 'stamps' };

export interface LegResult {
  readonly kind: 'result';
  readonly messages: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one core. */
  readonly generatorShare: number;
  /** Sent and never acknowledged. */
  readonly unacknowledged: number;
}

export type FromGenerator =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | LegResult
  | { readonly kind: 'stamps'; readonly stamps: readonly Float64Array[] }
  | { readonly kind: 'failed'; readonly why: string };
