import type { SubjectId } from './identity.ts';

/** Who or what is measured. */
export const SUBJECT_KINDS = ['patient', 'bed', 'asset', 'room', 'shipment', 'vehicle'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];

/** Decides which limits may apply at all: none before it is known (safety S18). */
export const PATIENT_CATEGORIES = ['adult', 'child', 'neonate', 'maternity', 'unknown'] as const;
export type PatientCategory = (typeof PATIENT_CATEGORIES)[number];

/** Unknown is treated as paced (safety S8). */
export const PACED_STATES = ['yes', 'no', 'unknown'] as const;
export type PacedState = (typeof PACED_STATES)[number];

export const SEXES = ['female', 'male', 'other', 'unknown'] as const;
export type Sex = (typeof SEXES)[number];

/** What names a person. Sealed at rest, and never in a log, a URL or an error. */
export interface SubjectIdentity {
  readonly familyName: string;
  readonly givenName: string;
  /** ISO 8601 date, to the year at least; undefined when nobody knows. */
  readonly birthDate?: string;
  readonly sex: Sex;
  /** Medical record number: the second identifier beside the name. */
  readonly recordNumber: string;
  readonly ward?: string;
  readonly bed?: string;
  /** True for demo and training subjects: an invented person. */
  readonly invented?: boolean;
}

export interface Subject {
  readonly id: SubjectId;
  readonly kind: SubjectKind;
  readonly category: PatientCategory;
  readonly paced: PacedState;
  readonly identity: SubjectIdentity;
}
