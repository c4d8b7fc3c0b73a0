/** `$import`: resources line by line (ndjson), in the body of the request, taken in while they come. */
import { Readable } from 'node:stream';
import type { Parameters } from '@medplum/fhirtypes';
import type { FastifyInstance } from 'fastify';
import { callerOf } from '../../people/access.ts';
import { FHIR_JSON } from '../../people/problem.ts';
import { outcomeOf, refuse } from '../answer.ts';
import { baseOf, sendRefusal } from '../http-answer.ts';
import type { Repository } from '../repository.ts';
import { IMPORT_ROUTE } from '../route-kind.ts';
import type { Exports } from './exports.ts';
import { type Imported, Importing } from './importing.ts';
import { BodyTooLarge, linesIn } from './ndjson.ts';

/** What one request may bring: some hundred thousand resources, in less than its two minutes. */
const BODY_BYTES_MAX = 256 * 2 ** 20;

export interface ImportPorts {
  readonly repository: Repository;
  readonly exports: Pick<Exports, 'noteImport'>;
  readonly pause: () => Promise<void>;
}

export function importRoutes(app: FastifyInstance, ports: ImportPorts): void {
  const { repository, exports, pause } = ports;
  app.post('/$import', IMPORT_ROUTE, async (request, reply) => {
    const { body } = request;
    if (!(body instanceof Readable)) return await sendRefusal(reply, NO_LINES.refusal);
    const caller = callerOf(request);
    await exports.noteImport(caller);
    const importing = new Importing(caller, { repository, pause, baseUrl: baseOf(request) });
    try {
      for await (const line of linesIn(body, BODY_BYTES_MAX)) await importing.add(line);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error;
      return await sendRefusal(reply, TOO_LARGE.refusal);
    }
    return await reply.type(FHIR_JSON).send(told(await importing.end()));
  });
}

const NO_LINES = refuse(415, {
  code: 'not-supported',
  text: 'What is imported is application/fhir+ndjson: one resource a line.',
});

const TOO_LARGE = refuse(413, {
  code: 'too-long',
  text: 'A line or the whole is too long. What came before has been taken in; send the rest by itself.',
});

function told({ counts, renamed, refusals }: Imported): Parameters {
  const parameter: NonNullable<Parameters['parameter']> = Object.entries(counts).map(
    ([name, valueInteger]) => ({ name, valueInteger }),
  );
  for (const [from, to] of renamed) {
    const part = [
      { name: 'from', valueString: from },
      { name: 'to', valueString: to },
    ];
    parameter.push({ name: 'renamed', part });
  }
  if (refusals.length > 0) parameter.push({ name: 'outcome', resource: outcomeOf(refusals) });
  return { resourceType: 'Parameters', parameter };
}
