/** What can be asked of the telemetry engine over HTTP. */
import type { FastifyInstance } from 'fastify';
import { edfRoutes } from './edf-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { latestRoutes } from './latest-routes.ts';
import type { TelemetryRoutePorts } from './questions.ts';
import { readingRoutes } from './reading-routes.ts';
import { spellRoutes } from './spell-routes.ts';
import { statisticsRoutes } from './statistics-routes.ts';
import { trendRoutes } from './trend-routes.ts';
import { waveformRoutes } from './waveform-routes.ts';

export function telemetryRoutes(app: FastifyInstance, ports: TelemetryRoutePorts): void {
  readingRoutes(app, ports);
  latestRoutes(app, ports);
  spellRoutes(app, ports);
  statisticsRoutes(app, ports);
  eventRoutes(app, ports);
  trendRoutes(app, ports);
  waveformRoutes(app, ports);
  edfRoutes(app, ports);
}
