/** Operations of R4, each beside the definition by which the capability statement names it. */
import type { FastifyInstance } from 'fastify';
import type { ObservationPorts } from '../observation-search.ts';
import { everythingRoutes } from './everything-routes.ts';
import { lastnRoutes } from './lastn-routes.ts';
import { matchRoutes } from './match-routes.ts';
import { validateRoutes } from './validate-routes.ts';

export function operationRoutes(app: FastifyInstance, ports: ObservationPorts): void {
  everythingRoutes(app, ports);
  lastnRoutes(app, ports);
  validateRoutes(app, ports.repository);
  matchRoutes(app, ports.repository);
}
