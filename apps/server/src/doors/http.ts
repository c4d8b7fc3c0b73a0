/** The HTTP door for devices: POST /api/devices/{id}/readings, /waveforms, /events. */
import type { IntakeAnswer } from '@ausculta/contract/readings';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { WHOLE_MESSAGE } from '../line/entry.ts';
import { bearerToken } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { clientCertificateOf } from '../pki/client-certificate.ts';
import type { DeviceSignIn } from '../pki/device-sign-in.ts';
import { decodeMessage, MESSAGE_BYTES_MAX, MESSAGE_KINDS, type MessageKind } from './decode.ts';
import { type Answer, type IntakePorts, takeIn } from './intake.ts';

/** From one address: a gateway, or a ward behind one; each device has an allowance of its own. */
const DEVICE_RATE = { max: 30_000, timeWindow: 60_000 };

export interface HttpDoorPorts {
  readonly intake: IntakePorts;
  readonly signIn: DeviceSignIn;
  readonly nowMs: () => number;
}

export function deviceRoutes(app: FastifyInstance, ports: HttpDoorPorts): void {
  // Bytes as they came: the codec reads them, and what cannot be read is parked as it was sent.
  void app.register((device, _, done) => {
    device.removeAllContentTypeParsers();
    device.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );
    for (const kind of MESSAGE_KINDS) {
      device.post<{ Params: { id: string } }>(
        `/api/devices/:id/${kind}`,
        { config: { access: 'device', rateLimit: DEVICE_RATE }, bodyLimit: MESSAGE_BYTES_MAX },
        async (request, reply) => await take(request, reply, { kind, ports }),
      );
    }
    // A slip in the last word of the address should not look like a wrong token.
    device.post<{ Params: { id: string } }>(
      '/api/devices/:id/:other',
      { config: { access: 'device', rateLimit: DEVICE_RATE }, bodyLimit: MESSAGE_BYTES_MAX },
      async (request, reply) => {
        const isKnown = senderOf(request, ports) !== undefined;
        const unknown = fail('NOT_FOUND', `a device sends to ${MESSAGE_KINDS.join(', ')}`).fault;
        return await sendFault(reply, isKnown ? unknown : fail('CREDENTIALS_REFUSED').fault);
      },
    );
    done();
  });
}

/** The device that the request proves to come from. */
function senderOf(
  request: FastifyRequest<{ Params: { id: string } }>,
  ports: HttpDoorPorts,
): RegisteredDevice | undefined {
  const certificate = clientCertificateOf(request.raw.socket);
  const names = [request.params.id];
  const shown = { names, token: bearerToken(request), certificate };
  return ports.signIn({ ...shown, door: 'http', address: request.ip })?.device;
}

async function take(
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply,
  context: { kind: MessageKind; ports: HttpDoorPorts },
): Promise<FastifyReply> {
  const { kind, ports } = context;
  const device = senderOf(request, ports);
  if (device === undefined) return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
  const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  const receivedMs = ports.nowMs();
  const decoded = decodeMessage(kind, bytes, receivedMs);
  const answer = await new Promise<Answer>((resolve) => {
    const message = { device, door: 'http', bytes, receivedMs, decoded, waits: false };
    takeIn(message, ports.intake, resolve);
  });
  if (answer.fault !== undefined) return await sendFault(reply, answer.fault);
  const isKept = !answer.faults.some(({ fault }) => fault.code === 'PARKED_QUOTA_EXCEEDED');
  const body: IntakeAnswer = {
    stored: answer.stored,
    parked: isKept ? answer.faults.length : 0,
    faults: answer.faults.map(({ index, fault }) => ({
      index: index === WHOLE_MESSAGE ? 'message' : String(index),
      fault: fault.code,
      ...(fault.detail === undefined ? {} : { detail: fault.detail }),
    })),
  };
  // Nothing of it could be placed: the device should know by the status, though the message is kept.
  const nothingStored = answer.stored === 0 && answer.faults.length > 0;
  return await reply.code(nothingStored ? 422 : 202).send(body);
}
