/** A search as it was asked, understood: what the store is to find, and how the answer is to look. */
import type { RangeTest } from './range-test.ts';

export interface SearchQuery {
  /** More than one only in a search of the whole system (`_type`). */
  readonly types: readonly string[];
  /** All must hold. */
  readonly filters: readonly Filter[];
  /** The first rule counts most. */
  readonly sort: readonly SortRule[];
  readonly count: number;
  /** Where the page begins; only whoever made it can read it. */
  readonly cursor: string | undefined;
  readonly total: 'none' | 'estimate' | 'accurate';
  readonly summary: 'false' | 'true' | 'text' | 'data' | 'count';
  /** Of the top level; empty: all. */
  readonly elements: readonly string[];
  readonly includes: readonly Include[];
  readonly reverseIncludes: readonly Include[];
  /** Names of parameters that nobody here knows: the answer must say that they were passed over. */
  readonly ignored: readonly string[];
}

export interface SortRule {
  readonly parameter: string;
  readonly descending: boolean;
}

/** The resources that `type`'s reference `parameter` points to; in reverse, those of `type` that point here. */
export interface Include {
  readonly type: string;
  /** "*" for every reference. */
  readonly parameter: string;
  readonly target: string | undefined;
  /** Of included resources too. */
  readonly iterate: boolean;
}

export type Filter =
  | RowFilter
  | {
      readonly kind: 'chain';
      readonly parameter: string;
      /** The reference is to a resource of one of these types that passes the filter beside it. */
      readonly targets: readonly { readonly type: string; readonly filter: Filter }[];
    }
  | {
      readonly kind: 'has';
      /** Some resource of this type refers to this one by `parameter`, and passes the filter. */
      readonly type: string;
      readonly parameter: string;
      readonly filter: Filter;
    };

/** What the rows of one resource decide. */
export type RowFilter =
  | ValueFilter
  | { readonly kind: 'missing'; readonly parameter: string; readonly isMissing: boolean };

export interface ValueFilter {
  readonly kind: 'value';
  readonly parameter: string;
  /** One of them must hold of one row of the parameter; with `isNot`, none of any row. */
  readonly comparisons: readonly Comparison[];
  readonly isNot: boolean;
}

export type Comparison =
  | TokenComparison
  | { readonly kind: 'words'; readonly normal: string }
  | {
      readonly kind: 'of-type';
      readonly system: string;
      readonly type: string;
      readonly code: string;
    }
  | ReferenceComparison
  | { readonly kind: 'identifier'; readonly token: TokenComparison }
  | { readonly kind: 'date'; readonly test: RangeTest }
  | { readonly kind: 'number'; readonly test: RangeTest }
  | QuantityComparison
  | StringComparison
  | { readonly kind: 'uri'; readonly match: 'equal' | 'below' | 'above'; readonly uri: string }
  | { readonly kind: 'composite'; readonly parts: readonly Comparison[] };

/** `system|code`, `code` of any system (undefined), `|code` of none (''), `system|` for all of one. */
export interface TokenComparison {
  readonly kind: 'token';
  readonly system: string | undefined;
  readonly code: string | undefined;
}

export interface ReferenceComparison {
  readonly kind: 'reference';
  readonly type: string | undefined;
  readonly id: string | undefined;
  /** Where no type and id are known, or they are of another server. */
  readonly url: string | undefined;
  readonly version: string | undefined;
}

export interface QuantityComparison {
  readonly kind: 'quantity';
  readonly test: RangeTest;
  readonly system: string | undefined;
  /** With a system its code; without one, a code or a unit in words. */
  readonly code: string | undefined;
  /** What is to be asked instead where the unit is UCUM: any unit of its kind is found. */
  readonly canonical: { readonly unit: string; readonly test: RangeTest } | undefined;
}

export interface StringComparison {
  readonly kind: 'string';
  readonly match: 'starts' | 'contains' | 'exact';
  /** As it is for `exact`, else without case and accents. */
  readonly text: string;
}
