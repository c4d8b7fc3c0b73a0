/** The ways out of a call: a mail to the operator's relay, or a signed request to a gateway of the house. */
import type { CallAddresses } from '@ausculta/contract/calling';
import type { Sql } from '../database/pool.ts';
import type { Outgoing } from '../outgoing/outgoing.ts';
import type { MailRelay } from '../subscriptions/mail-relay.ts';
import type { Sent } from '../subscriptions/rest-hook.ts';
import { SIGNING_HEADER, signed } from '../subscriptions/signing.ts';
import type { Gateway } from './gateways.ts';
import type { Reach } from './reach.ts';
import type { WaitingRow } from './store.ts';
import * as words from './words.ts';

export interface ChannelPorts {
  readonly sql: Sql;
  readonly reach: Reach;
  readonly mails: Pick<MailRelay, 'send'>;
  readonly outgoingOf: (gateway: Gateway) => Pick<Outgoing, 'post'>;
  readonly publicUrl: string | undefined;
  readonly nowMs: () => number;
}

/** A person waits at the other end. */
const TIMEOUT_MS = 10_000;

type Called = Pick<WaitingRow, 'id' | 'organisation_id' | 'recipient' | 'channel'> & {
  readonly kind: 'alarm' | 'test';
  readonly priority?: WaitingRow['priority'];
  readonly tier?: number;
  readonly round?: number;
};

export class Channels {
  readonly #ports: ChannelPorts;

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
  }

  /** Once. */
  async send(called: Called): Promise<Sent> {
    const { reach } = this.#ports;
    const { organisation_id: house, recipient, channel } = called;
    if (recipient === 'house') return await this.#gateway(called, null);
    const accountId = recipient.slice('account/'.length);
    const { addressesOf } = await reach.within(this.#ports.sql, house, [accountId]);
    const addresses = addressesOf(accountId);
    const reason = reach.whyNot(house, channel, addresses);
    // What is missing may be given: it is tried again, and whoever comes next is called meanwhile.
    if (reason !== undefined) return { ok: false, reason };
    return channel === 'mail'
      ? await this.#mail(called, addresses)
      : await this.#gateway(called, addresses.number);
  }

  async #mail({ id, kind }: Called, { mail }: CallAddresses): Promise<Sent> {
    if (mail === null) return { ok: false, reason: 'No mail address is given.' };
    const { mails, publicUrl } = this.#ports;
    const isTest = kind === 'test';
    const subject = isTest ? words.TEST_SUBJECT : words.SUBJECT;
    const text = isTest ? words.TEST_TEXT : words.mailText(words.linkTo(id, publicUrl));
    return await mails.send({ to: mail, subject, text, messageId: `call-${id}` }, TIMEOUT_MS);
  }

  async #gateway(called: Called, number: string | null): Promise<Sent> {
    const { reach, outgoingOf, publicUrl, nowMs } = this.#ports;
    const { id, kind, organisation_id: house, channel } = called;
    const gateway = reach.gateway(house, channel);
    if (gateway === undefined) return NO_GATEWAY;
    const isTest = kind === 'test';
    const answer = {
      path: `/api/calls/${id}/answer`,
      token: words.answerToken(id, gateway.secret),
    };
    const body = JSON.stringify({
      type: isTest ? 'call.test' : 'call.alarm',
      timestamp: new Date(nowMs()).toISOString(),
      data: {
        ...{ id, to: number, text: isTest ? words.TEST_TEXT : words.TEXT },
        ...(!isTest && { priority: called.priority, tier: called.tier, round: called.round }),
        ...(!isTest && { url: words.linkTo(id, publicUrl) ?? null }),
        ...(!isTest && gateway.answers && { answer: answerOf(answer, publicUrl) }),
      },
    });
    const message = { id: `call_${id}`, atMs: nowMs(), body };
    const secret: [string, string] = [SIGNING_HEADER, gateway.secret];
    const headers = Object.fromEntries(signed([secret], message));
    const reply = await outgoingOf(gateway).post({
      url: new URL(gateway.url),
      headers: { ...headers, 'content-type': 'application/json' },
      ...{ body, timeoutMs: TIMEOUT_MS },
    });
    if (reply.kind === 'none') return { ok: false, reason: `The gateway: ${reply.reason}.` };
    const { status } = reply;
    if (status >= 200 && status < 300) return { ok: true };
    // Standard Webhooks: 410 is for good. Everything else may be mended there.
    const reason = `The gateway answered ${status}.`;
    return status === 410 ? { ok: false, reason, isFinal: true } : { ok: false, reason };
  }
}

const answerOf = ({ path, token }: { path: string; token: string }, publicUrl?: string) => ({
  url: publicUrl === undefined ? path : new URL(path, publicUrl).href,
  token,
});

const NO_GATEWAY: Sent = {
  ok: false,
  reason: 'The operator has listed no such gateway in AUSCULTA_CALLING.',
};
