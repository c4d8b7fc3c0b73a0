// One question of `npm run bench -- query`: what it needs in the database, and how it is measured.
import type { Report } from '../report.ts';
import type { Ground } from './ground.ts';
import type { Stage } from './stage.ts';

export interface Section {
  /** Fills the database; what is returned measures, once all sections have filled theirs. */
  readonly prepare: (ground: Ground) => Promise<(stage: Stage, report: Report) => Promise<void>>;
}
