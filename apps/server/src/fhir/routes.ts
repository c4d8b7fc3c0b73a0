import type { FastifyInstance } from 'fastify';
export function fhirRoutes(_app: FastifyInstance, _ports: unknown): void {}
