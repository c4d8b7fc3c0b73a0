/** Operations of R4, each beside the definition by which the capability statement names it. */
import type { FastifyInstance } from 'fastify';
import type { IndexState } from '../index-state.ts';
import { claimRoutes } from './claim-routes.ts';
import { closedLoopRoutes, type LoopPorts } from './closed-loop-routes.ts';
import { everythingRoutes } from './everything-routes.ts';
import { exportRoutes } from './export-routes.ts';
import type { Exports } from './exports.ts';
import { importRoutes } from './import-routes.ts';
import { lastnRoutes } from './lastn-routes.ts';
import { matchRoutes } from './match-routes.ts';
import { type MergePorts, mergeRoutes } from './merge-routes.ts';
import { statsRoutes } from './stats-routes.ts';
import { type SummaryPorts, summaryRoutes } from './summary-routes.ts';
import { validateRoutes } from './validate-routes.ts';
import { waveformRoutes } from './waveform-routes.ts';

export interface OperationPorts extends SummaryPorts, MergePorts, LoopPorts {
  readonly index: IndexState;
  readonly exports: Exports;
  /** Lets other work run first. */
  readonly pause: () => Promise<void>;
}

export function operationRoutes(app: FastifyInstance, ports: OperationPorts): void {
  everythingRoutes(app, ports);
  lastnRoutes(app, ports);
  statsRoutes(app, ports);
  waveformRoutes(app, ports);
  summaryRoutes(app, ports);
  validateRoutes(app, ports);
  matchRoutes(app, ports.repository);
  exportRoutes(app, ports);
  importRoutes(app, ports);
  mergeRoutes(app, ports);
  claimRoutes(app, ports);
  closedLoopRoutes(app, ports);
}
