import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assembleRecording, type Recording } from './recording.ts';

const RECORDINGS = join(import.meta.dirname, '../recordings');

/** Reads a recording of ../recordings by its name. Damage there is a broken checkout, so it throws. */
export async function readRecording(name: string): Promise<Recording> {
  const file = (ending: string) => readFile(join(RECORDINGS, `${name}.${ending}`));
  const [header, signals, annotations] = await Promise.all([file('hea'), file('dat'), file('atr')]);
  const recording = assembleRecording({ header: header.toString('utf8'), signals, annotations });
  if (recording.ok) return recording.value;
  const { code, detail } = recording.fault;
  throw new Error(`recordings/${name} is damaged (${code}, ${detail}): check the project out anew`);
}
