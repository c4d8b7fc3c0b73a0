import { type Score, scoreOf } from './score.ts';

/**
 * Sequential [Sepsis-related] Organ Failure Assessment: Vincent et al. 1996, doi:10.1007/BF01709751,
 * as tabled by Singer et al. 2016, doi:10.1001/jama.2016.0287. Each organ is a part of its own.
 * The tables end with "> 5.0" and "> 12.0" mg/dL above cells that end at 4.9 and 11.9; 5.0 and 12.0
 * themselves score with the worse side.
 */
export interface SofaObservations {
  /** Arterial oxygen in mmHg over the inspired fraction (0.21–1). */
  readonly pao2_fio2?: number | undefined;
  /** With respiratory support; unknown counts as without, which can only score lower. */
  readonly ventilated?: boolean | undefined;
  /** Thousands a microlitre. */
  readonly platelets?: number | undefined;
  readonly bilirubin_mg_dl?: number | undefined;
  /** Mean arterial pressure in mmHg. */
  readonly map?: number | undefined;
  /** Catecholamines in µg/kg/min, given for at least an hour. */
  readonly dopamine?: number | undefined;
  readonly dobutamine?: number | undefined;
  readonly epinephrine?: number | undefined;
  readonly norepinephrine?: number | undefined;
  /** Glasgow Coma Scale, 3–15. */
  readonly gcs?: number | undefined;
  readonly creatinine_mg_dl?: number | undefined;
  readonly urine_ml_day?: number | undefined;
}

export type SofaPart =
  | 'respiration'
  | 'coagulation'
  | 'liver'
  | 'cardiovascular'
  | 'nervous'
  | 'renal';
/** The papers publish no bands of the total: sepsis is a rise of 2 or more over the baseline. */
export type SofaScore = Score<SofaPart, never>;

export function sofa(seen: SofaObservations): SofaScore {
  return scoreOf<SofaPart, never>(
    {
      respiration: respiration(seen),
      coagulation: below(seen.platelets, [150, 100, 50, 20]),
      liver: from(seen.bilirubin_mg_dl, [1.2, 2, 6, 12]),
      cardiovascular: cardiovascular(seen),
      nervous: below(seen.gcs, [15, 13, 10, 6]),
      renal: renal(seen),
    },
    () => null,
  );
}

type Steps = readonly [number, number, number, number];

/** How many of the steps the value lies below: one point each. */
function below(value: number | undefined, steps: Steps): number | undefined {
  return value === undefined ? undefined : steps.filter((step) => value < step).length;
}

function from(value: number | undefined, steps: Steps): number | undefined {
  return value === undefined ? undefined : steps.filter((step) => value >= step).length;
}

function respiration({ pao2_fio2, ventilated }: SofaObservations): number | undefined {
  const points = below(pao2_fio2, [400, 300, 200, 100]);
  return points === undefined || ventilated === true ? points : Math.min(points, 2);
}

/** Any catecholamine outweighs the pressure that it holds up. */
function cardiovascular(seen: SofaObservations): number | undefined {
  const { map, dopamine, dobutamine, epinephrine, norepinephrine } = seen;
  const strongest = Math.max(epinephrine ?? 0, norepinephrine ?? 0);
  if (strongest > 0.1 || (dopamine ?? 0) > 15) return 4;
  if (strongest > 0 || (dopamine ?? 0) > 5) return 3;
  if ((dopamine ?? 0) > 0 || (dobutamine ?? 0) > 0) return 2;
  return map === undefined ? undefined : map < 70 ? 1 : 0;
}

/** By creatinine or by urine, whichever is worse. */
function renal({ creatinine_mg_dl, urine_ml_day }: SofaObservations): number | undefined {
  const byCreatinine = from(creatinine_mg_dl, [1.2, 2, 3.5, 5]);
  const byUrine =
    urine_ml_day === undefined ? 0 : urine_ml_day < 200 ? 4 : urine_ml_day < 500 ? 3 : 0;
  // Enough urine says nothing of the kidneys' lesser grades, so alone it leaves the part unknown.
  if (byCreatinine === undefined) return byUrine > 0 ? byUrine : undefined;
  return Math.max(byCreatinine, byUrine);
}
