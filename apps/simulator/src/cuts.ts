/**
 * Which minutes of which recording the demo holds, and why these. The script cut-recordings.ts makes
 * the files of ../recordings from the originals by this table.
 */
export interface Cut {
  /** Name of the original MIT-BIH record. */
  readonly record: string;
  /** Seconds into the original. The cut begins and ends between two beats, within one beat of this. */
  readonly fromS: number;
  readonly lengthS: number;
  readonly shows: string;
}

export const MIT_BIH_CUTS: readonly Cut[] = [
  {
    record: '100',
    fromS: 1440,
    lengthS: 180,
    shows: 'sinus rhythm, atrial premature beats, one ventricular',
  },
  { record: '105', fromS: 900, lengthS: 180, shows: 'sinus rhythm with much noise and artefact' },
  { record: '106', fromS: 1030, lengthS: 180, shows: 'ventricular bigeminy' },
  {
    record: '111',
    fromS: 300,
    lengthS: 180,
    shows: 'left bundle branch block, first degree AV block',
  },
  {
    record: '118',
    fromS: 420,
    lengthS: 180,
    shows: 'right bundle branch block, atrial premature beats',
  },
  { record: '119', fromS: 160, lengthS: 180, shows: 'ventricular bigeminy and trigeminy' },
  { record: '200', fromS: 20, lengthS: 180, shows: 'bigeminy and a short ventricular tachycardia' },
  {
    record: '203',
    fromS: 20,
    lengthS: 180,
    shows: 'fast atrial fibrillation: the rate passes 130 /min',
  },
  { record: '208', fromS: 55, lengthS: 180, shows: 'couplets and triplets of ventricular beats' },
  {
    record: '219',
    fromS: 1080,
    lengthS: 180,
    shows: 'atrial fibrillation that converts, with pauses',
  },
  {
    record: '222',
    fromS: 1470,
    lengthS: 180,
    shows: 'paroxysmal atrial flutter, nodal escape beats',
  },
];

export const BIDMC_CUT = { record: 'bidmc01', fromS: 0, lengthS: 300 } as const;

/** Seconds of record 203 that the tests of the WFDB codec use: fast beats, a rhythm change, noise. */
export const FIXTURE_CUT = { record: '203', fromS: 44, lengthS: 8 } as const;
