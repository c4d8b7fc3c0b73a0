/** The list that a door's settings name: read once, at the start; what is wrong with it stops it. */
import { readFileSync } from 'node:fs';
import { errorCode, StartProblem, type StartProblemCode } from '../database/start-problem.ts';
import type { ListedDoor } from '../door-settings.ts';

export interface DoorNames {
  /** As the settings are called: AUSCULTA_HL7_…. */
  readonly door: 'HL7' | 'PHD';
  readonly list: string;
  readonly unusable: StartProblemCode;
}

export function readDoorList<T>(
  names: DoorNames,
  { listFile }: ListedDoor,
  read: (text: string) => readonly T[] | string,
): readonly T[] {
  const list = read(readDoorFile(names, names.list, listFile).toString('utf8'));
  if (typeof list !== 'string') return list;
  throw new StartProblem(
    names.unusable,
    `The list in ${names.list} cannot be used: ${list}. Mend it.`,
  );
}

function readDoorFile({ unusable }: DoorNames, setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = `${setting} names a file that cannot be read (${errorCode(cause)}). Mend it.`;
    throw new StartProblem(unusable, why, cause);
  }
}
