/** The ways out of a call: a mail to the operator's relay, or a signed request to a gateway of the house. */
import type { CallAddresses } from '@ausculta/contract/calling';
import type { Sql } from '../database/pool.ts';
import type { Outgoing } from '../outgoing/outgoing.ts';
import type { MailRelay } from '../subscriptions/mail-relay.ts';
import type { Sent } from '../subscriptions/rest-hook.ts';
import { SIGNING_HEADER, signed } from '../subscriptions/signing.ts';
import type { AlarmManager, WebhookGateway } from './gateways.ts';
import type { Reach } from './reach.ts';
import type { WaitingRow } from './store.ts';
import * as words from './words.ts';

export interface ChannelPorts {
  readonly sql: Sql;
  readonly reach: Reach;
  readonly mails: Pick<MailRelay, 'send'>;
  readonly outgoingOf: (gateway: WebhookGateway) => Pick<Outgoing, 'post'>;
  readonly report: (manager: AlarmManager, row: WaitingRow) => Promise<Sent>;
  readonly publicUrl: string | undefined;
  readonly nowMs: () => number;
}

/** A person waits at the other end. */
const TIMEOUT_MS = 10_000;

/** Of an alarm, or of nothing: then it is a test. */
export type Called = Pick<WaitingRow, 'id' | 'organisation_id' | 'recipient' | 'channel'> & {
  readonly alarm: WaitingRow | undefined;
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

  async #mail({ id, alarm }: Called, { mail }: CallAddresses): Promise<Sent> {
    if (mail === null) return { ok: false, reason: 'No mail address is given.' };
    const { mails, publicUrl } = this.#ports;
    const isTest = alarm === undefined;
    const subject = isTest ? words.TEST_SUBJECT : words.SUBJECT;
    const text = isTest ? words.TEST_TEXT : words.mailText(words.linkTo(id, publicUrl));
    return await mails.send({ to: mail, subject, text, messageId: `call-${id}` }, TIMEOUT_MS);
  }

  async #gateway(called: Called, number: string | null): Promise<Sent> {
    const { reach, report } = this.#ports;
    const gateway = reach.gateway(called.organisation_id, called.channel);
    if (gateway === undefined) return NO_GATEWAY;
    if (gateway.kind === 'webhook') return await this.#webhook(gateway, called, number);
    return called.alarm === undefined ? NO_GATEWAY : await report(gateway, called.alarm);
  }

  async #webhook(gateway: WebhookGateway, called: Called, number: string | null): Promise<Sent> {
    const { outgoingOf, nowMs } = this.#ports;
    const { id, alarm } = called;
    const body = JSON.stringify({
      type: alarm === undefined ? 'call.test' : 'call.alarm',
      timestamp: new Date(nowMs()).toISOString(),
      data: {
        ...{ id, to: number, text: alarm === undefined ? words.TEST_TEXT : words.TEXT },
        ...(alarm !== undefined && this.#ofAlarm(gateway, alarm)),
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

  #ofAlarm({ answers, secret }: WebhookGateway, { id, priority, tier, round }: WaitingRow) {
    const { publicUrl } = this.#ports;
    const path = `/api/calls/${id}/answer`;
    const url = publicUrl === undefined ? path : new URL(path, publicUrl).href;
    return {
      ...{ priority, tier, round, url: words.linkTo(id, publicUrl) ?? null },
      ...(answers && { answer: { url, token: words.answerToken(id, secret) } }),
    };
  }
}

const NO_GATEWAY: Sent = {
  ok: false,
  reason: 'The operator has listed no such gateway in AUSCULTA_CALLING.',
};
