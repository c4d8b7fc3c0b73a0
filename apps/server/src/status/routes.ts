import type { Status } from '@ausculta/contract/status';
import type { FastifyInstance } from 'fastify';
import { ofHouse } from '../people/access.ts';

/** One part of readiness: ready is the conjunction of all. */
export interface Part {
  readonly name: string;
  readonly ready: boolean;
  readonly detail: string;
  /** It works, and somebody should look after it. */
  readonly attention?: boolean;
}

export interface StatusPorts {
  readonly version: string;
  readonly startedMs: number;
  readonly nowMs: () => number;
  readonly parts: () => readonly Part[];
  readonly counts: () => Status['counts'];
}

/** GET /livez, /readyz (no detail for strangers) and /api/status. */
export function statusRoutes(app: FastifyInstance, ports: StatusPorts): void {
  app.get('/livez', { config: { access: 'public' } }, () => ({ live: true }));

  app.get('/readyz', { config: { access: 'public' } }, async (_, reply) => {
    const ready = ports.parts().every((part) => part.ready);
    return await reply.code(ready ? 200 : 503).send({ ready });
  });

  app.get('/api/status', { config: ofHouse('read', 'status') }, (): Status => {
    const parts = ports.parts().map((part) => ({ ...part }));
    return {
      version: ports.version,
      startedAt: new Date(ports.startedMs).toISOString(),
      now: new Date(ports.nowMs()).toISOString(),
      ready: parts.every((part) => part.ready),
      parts,
      counts: ports.counts(),
    };
  });
}
