/** What a client asks to be done: one of them is a request, several are a transaction. */
import type { Resource } from '@medplum/fhirtypes';
import type { Maker } from '../people/makers.ts';
import type { DocumentName, FhirDocument } from './document.ts';

interface Given {
  readonly resource: Resource;
  /** Whether it holds decimals that a number forgets. */
  readonly hasPrecise: boolean;
  /** How other acts of the same transaction refer to it. */
  readonly fullUrl?: string;
}

export type Act =
  | (Given & {
      readonly kind: 'create';
      readonly type: string;
      /** The parameters of a search (If-None-Exist): where it finds one, nothing is made. */
      readonly ifNoneExist?: string;
    })
  | (Given & DocumentName & { readonly kind: 'update'; readonly ifMatch?: string })
  | (Given & {
      readonly kind: 'update-where';
      readonly type: string;
      readonly query: string;
      readonly ifMatch?: string;
    })
  | (DocumentName & { readonly kind: 'delete'; readonly ifMatch?: string })
  | { readonly kind: 'delete-where'; readonly type: string; readonly query: string };

/** Who asks for them. */
export interface Asker {
  /** The account; undefined for a program under none. */
  readonly actor: string | undefined;
  /** Under which they reach this server, without a slash at its end. */
  readonly baseUrl: string | undefined;
  /** As whom what they write acts when they have gone. */
  readonly maker?: Maker;
}

export interface Done {
  /** 200, 201 or 204. */
  readonly status: number;
  /** Undefined where there was nothing to delete. */
  readonly document: FhirDocument | undefined;
}
