/** The page on which a person lets an app in: what the app asks, and what the person says. */
import {
  type AppAnswer,
  AppDecision,
  DeviceCodeShown,
  DeviceDecision,
} from '@ausculta/contract/apps';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type Provider from 'oidc-provider';
import { callerOf, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Asked, Authorising, Granted, Who } from './authorising.ts';
import { ASKING_BASE } from './interactions.ts';

export interface AuthoriseRoutePorts {
  readonly authorising: Authorising;
  readonly provider: () => Promise<{ readonly provider: Provider; readonly audience: string }>;
}

interface One {
  readonly Params: { uid: string };
}

/** Of 20 letters eight: ten tries in a minute find nothing in the quarter of an hour that a code is good for. */
const CODE_RATE = { max: 10, timeWindow: 60_000 };

const PUBLIC = { config: { access: 'public' } } as const;
const SIGNED_IN = { config: { access: 'signed-in' } } as const;
const OF_CODES = { config: { access: 'signed-in', rateLimit: CODE_RATE } } as const;

const REFUSED = {
  error: 'access_denied',
  error_description: 'the person did not let the app in',
} as const;

export function authoriseRoutes(app: FastifyInstance, ports: AuthoriseRoutePorts): void {
  /** Where the app's own page has sent the browser. The cookie that came with it is for below here alone. */
  app.get<One>(`${ASKING_BASE}/:uid`, PUBLIC, async (request, reply) => {
    return await reply.redirect(`/authorise/${encodeURIComponent(request.params.uid)}`, 303);
  });

  app.get<One>(`${ASKING_BASE}/:uid/request`, SIGNED_IN, async (request, reply) => {
    const asking = await askingOf(request, reply, ports);
    if (!asking.ok) return await sendFault(reply, asking.fault);
    return await answer(reply, await ports.authorising.look(asking.value.asked, whoOf(request)));
  });

  app.post<One>(`${ASKING_BASE}/:uid/grant`, SIGNED_IN, async (request, reply) => {
    const decision = AppDecision.safeParse(request.body);
    if (!decision.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const asking = await askingOf(request, reply, ports);
    if (!asking.ok) return await sendFault(reply, asking.fault);
    const { interaction, asked, provider, audience } = asking.value;
    const about = { decision: decision.data, provider, audience };
    const granted = await ports.authorising.grant(asked, whoOf(request), about);
    if (!granted.ok) return await sendFault(reply, granted.fault);
    const { grantId, provedS: ts } = granted.value;
    const accountId = callerOf(request).accountId ?? '';
    interaction.result = {
      login: { accountId, remember: false, ts },
      consent: { grantId },
      select_account: {},
    };
    await interaction.persist();
    return { goTo: interaction.returnTo } satisfies AppAnswer;
  });

  app.post<One>(`${ASKING_BASE}/:uid/refusal`, SIGNED_IN, async (request, reply) => {
    const asking = await askingOf(request, reply, ports);
    if (!asking.ok) return await sendFault(reply, asking.fault);
    const { interaction } = asking.value;
    interaction.result = REFUSED;
    await interaction.persist();
    return { goTo: interaction.returnTo } satisfies AppAnswer;
  });

  deviceRoutes(app, ports);
}

/** Another screen shows a code (RFC 8628); a person types it in here, where they are signed in. */
function deviceRoutes(app: FastifyInstance, ports: AuthoriseRoutePorts): void {
  app.post('/api/device-codes/look', OF_CODES, async (request, reply) => {
    const shown = DeviceCodeShown.safeParse(request.body);
    if (!shown.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const found = await waitingCode(shown.data.code, ports);
    if (!found.ok) return await sendFault(reply, found.fault);
    return await answer(reply, await ports.authorising.look(found.value.asked, whoOf(request)));
  });

  app.post('/api/device-codes/grant', OF_CODES, async (request, reply) => {
    const decided = DeviceDecision.safeParse(request.body);
    if (!decided.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const { code: typed, ...decision } = decided.data;
    const found = await waitingCode(typed, ports);
    if (!found.ok) return await sendFault(reply, found.fault);
    const { code, asked, provider, audience } = found.value;
    const granted = await ports.authorising.grant(asked, whoOf(request), {
      ...{ decision, provider, audience },
    });
    if (!granted.ok) return await sendFault(reply, granted.fault);
    Object.assign(code, givenTo(request, granted.value, audience));
    await code.save();
    return await reply.code(204).send();
  });

  app.post('/api/device-codes/refusal', OF_CODES, async (request, reply) => {
    const shown = DeviceCodeShown.safeParse(request.body);
    if (!shown.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const found = await waitingCode(shown.data.code, ports);
    if (!found.ok) return await sendFault(reply, found.fault);
    const { error, error_description: errorDescription } = REFUSED;
    Object.assign(found.value.code, { error, errorDescription });
    await found.value.code.save();
    return await reply.code(204).send();
  });
}

const givenTo = (request: FastifyRequest, granted: Granted, audience: string) => ({
  accountId: callerOf(request).accountId,
  authTime: granted.provedS,
  grantId: granted.grantId,
  resource: audience,
  scope: granted.words.join(' '),
});

const whoOf = (request: FastifyRequest): Who => {
  const viewer = viewerOf(request);
  return { caller: callerOf(request), sees: (id) => viewer.sees(id) };
};

async function answer<T>(reply: FastifyReply, done: Result<T>) {
  return done.ok ? await reply.send(done.value) : await sendFault(reply, done.fault);
}

/**
 * The request that this browser was sent here with: its signed cookie says so. Without it a person could be
 * led to decide about what a stranger has begun, and the stranger would be let in as them.
 */
async function askingOf(
  request: FastifyRequest<One>,
  reply: FastifyReply,
  ports: AuthoriseRoutePorts,
) {
  const { provider, audience } = await ports.provider();
  const interaction = await provider
    .interactionDetails(request.raw, reply.raw)
    .catch(() => undefined);
  if (interaction?.uid !== request.params.uid || interaction.result !== undefined)
    return fail('LINK_SPENT');
  const { params } = interaction;
  const clientId = String(params['client_id'] ?? '');
  const asked: Asked = { clientId, params, askedMs: interaction.iat * 1000 };
  return ok({ interaction, asked, provider, audience });
}

async function waitingCode(typed: string, ports: AuthoriseRoutePorts) {
  const { provider, audience } = await ports.provider();
  const letters = typed.toUpperCase().replace(/[^A-Z]/g, '');
  const code = await provider.DeviceCode.findByUserCode(letters);
  const isWaiting = code !== undefined && code.accountId === undefined && code.error === undefined;
  if (!isWaiting || code.clientId === undefined) return fail('NOT_FOUND');
  const { clientId, params = {}, iat } = code;
  // No app is opened for a patient by a code.
  const asked: Asked = { clientId, params: { scope: params['scope'] }, askedMs: iat * 1000 };
  return ok({ code, asked, provider, audience });
}
