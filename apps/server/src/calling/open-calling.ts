/** The room's parts, on the database, keys and clock of the server, and on the operator's file. */
import { lookup } from 'node:dns/promises';
import type { HouseTime } from '@ausculta/rules/calling/hours';
import { utcOffsetIn } from '../access/house-clock.ts';
import { bedsOfPeople, placesOfPeople } from '../access/open-access.ts';
import type { Census } from '../admissions/census.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Config } from '../config.ts';
import type { Database } from '../database/open.ts';
import type { InLane } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';
import { MailRelay } from '../subscriptions/mail-relay.ts';
import type { Sent } from '../subscriptions/rest-hook.ts';
import type { Vault } from '../vault/vault.ts';
import { reportAlert } from './alarm-manager.ts';
import { Calling } from './calling.ts';
import { Channels } from './channels.ts';
import { type AlarmManager, readGateways, type WebhookGateway } from './gateways.ts';
import { Reach } from './reach.ts';
import { Sending } from './sending.ts';
import type { WaitingRow } from './store.ts';
import { TEXT } from './words.ts';

export interface OpenedCalling extends Disposable {
  readonly calling: Calling;
  readonly reach: Reach;
  /** By connections of their own. */
  readonly testChannels: Channels;
  readonly hasTimeZone: boolean;
}

interface Ground {
  readonly options: { readonly config: Config; readonly outside: Outside };
  readonly database: Pick<Database, 'line'>;
  readonly inLane: InLane;
  readonly vault: Pick<Vault, 'organisationSeal'>;
}

interface House {
  readonly registry: Pick<Registry, 'subjects'>;
  readonly alarms: Pick<AlarmBook, 'openOf' | 'settle'>;
  readonly census: Pick<Census, 'of' | 'usedFor'>;
}

const CONNECTIONS_MAX = 8;
const TEST_CONNECTIONS_MAX = 2;
const REPORT_MS = 10_000;

export async function openCalling(ground: Ground, house: House): Promise<OpenedCalling> {
  const { config, outside } = ground.options;
  const { line: sql } = ground.database;
  const { organisationSeal } = ground.vault;
  const { alarms, census, registry } = house;
  const gateways = config.callingFile === undefined ? [] : readGateways(config.callingFile);
  const mails = new MailRelay(config.subscriptions.mail);
  const hasRelay = config.subscriptions.mail !== undefined;
  const reach = new Reach({ mails, hasRelay, gateways, organisationSeal });
  const webhooks = gateways.filter((gateway) => gateway.kind === 'webhook');
  const ways = waysTo(webhooks, outside, CONNECTIONS_MAX);
  const testWays = waysTo(webhooks, outside, TEST_CONNECTIONS_MAX);
  const { publicUrl, timeZone } = config;
  const { nowMs, after } = outside;
  const bedOf = bedsOfPeople(census, registry);
  const report = (manager: AlarmManager, row: WaitingRow): Promise<Sent> => {
    const reported = { row, location: bedOf(row.subject_id), text: TEXT, nowMs: nowMs() };
    const rules = { prefixes: [], mayBePrivate: manager.private };
    return reportAlert(manager, reported, { rules, resolve: lookup, after, timeoutMs: REPORT_MS });
  };
  const out = { ...outside, sql, reach, mails, report, publicUrl };
  const channels = new Channels({ ...out, outgoingOf: ways.of });
  const testChannels = new Channels({ ...out, outgoingOf: testWays.of });
  const sending = new Sending({
    ...{ ...outside, sql, isOwed: (row: WaitingRow) => isOwed(alarms, row) },
    send: (row) => channels.send({ ...row, alarm: row }),
  });
  const calling = await Calling.open({
    ...{ ...outside, sql, inLane: ground.inLane, reach, sending },
    settleAlarms: () => alarms.settle(),
    unitOf: placesOfPeople(census, registry),
    houseTime: houseTimeIn(timeZone),
  });
  return {
    ...{ calling, reach, testChannels, hasTimeZone: timeZone !== undefined },
    [Symbol.dispose]: () => {
      ways[Symbol.dispose]();
      testWays[Symbol.dispose]();
    },
  };
}

interface Ways extends Disposable {
  readonly of: (gateway: WebhookGateway) => Outgoing;
}

/** The operator has named the places: they alone. */
function waysTo(
  gateways: readonly WebhookGateway[],
  { after }: Outside,
  connectionsMax: number,
): Ways {
  const ways = new Map(
    gateways.map(({ name, url, private: mayBePrivate }) => {
      const rules = { prefixes: [url], mayBePrivate };
      const given = { rules, resolve: lookup, after, reads: 'status', connectionsMax } as const;
      return [name, new Outgoing(given)];
    }),
  );
  return {
    of: ({ name }) => {
      const way = ways.get(name);
      if (way === undefined) throw new Error('broken invariant: each gateway has a way out');
      return way;
    },
    [Symbol.dispose]: () => {
      for (const way of ways.values()) way[Symbol.dispose]();
    },
  };
}

/** What memory does not know is as the database has it: owed. */
function isOwed(alarms: Pick<AlarmBook, 'openOf'>, { subject_id, alarm_id }: WaitingRow): boolean {
  const known = alarms.openOf(subject_id).find(({ id }) => id === alarm_id);
  return known === undefined || known.episode === 'raised';
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** The first of January 1970 was one. */
const THURSDAY = 4;

/** Greenwich, where nobody has said where the house is. */
export function houseTimeIn(zone: string | undefined): (atMs: number) => HouseTime {
  const offsetOf = zone === undefined ? undefined : utcOffsetIn(zone);
  return (atMs) => {
    const localMs = atMs + (offsetOf?.(atMs) ?? 0) * MINUTE_MS;
    const day = Math.floor(localMs / DAY_MS);
    const minute = Math.floor((localMs - day * DAY_MS) / MINUTE_MS);
    return { weekday: ((day + THURSDAY - 1) % 7) + 1, minute };
  };
}

/** What is due is looked for this often; what is new is called at once. */
const LOOK_MS = 1_000;

/** Calls from here on; returns what ends it. */
export function callPeople(
  opened: OpenedCalling,
  { every }: Pick<Outside, 'every'>,
): () => Promise<void> {
  const stop = every(LOOK_MS, () => opened.calling.wake());
  return async () => {
    stop();
    const closed = opened.calling.close();
    // What is under way breaks off, and is sent again after the next start, with the same id.
    opened[Symbol.dispose]();
    await closed;
  };
}
