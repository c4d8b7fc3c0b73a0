/**
 * Brings an alarm to a person, and goes on until one has answered: steps of calls, then what they send. A round
 * runs each second, and at once when an alarm is durable or something could not be sent.
 */
import { CallPolicy } from '@ausculta/rules/calling/policy';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Sql, Transaction } from '../database/pool.ts';
import type { Outside } from '../outside.ts';
import type { Part } from '../status/routes.ts';
import { jsonIn } from './addresses.ts';
import type { Reach } from './reach.ts';
import type { Sending } from './sending.ts';
import { type HousePolicy, type SteppingPorts, stepCalls } from './stepping.ts';
import { noteCalls, noteClock, noteForgottenCalls } from './store.ts';
import { NO_COUNTS, readCounts, readHouses, readPolicies } from './view-store.ts';

export interface CallingPorts extends SteppingPorts {
  readonly sql: Sql;
  readonly reach: Pick<Reach, 'within' | 'noteHouses' | 'gatewaysOfNobody'>;
  readonly sending: Pick<Sending, 'look' | 'close'>;
  readonly settleAlarms: () => Promise<void>;
  readonly after: Outside['after'];
}

const CLOCK_NOTED_MS = 5_000;
const SWEEP_MS = 60_000;
const COUNT_MS = 1_000;
/** Alarms that change many times a second are looked at together. */
const GATHER_MS = 100;

/** Also where the clock was set back since. */
const hasPassed = (sinceMs: number, spanMs: number, nowMs: number): boolean =>
  nowMs < sinceMs || nowMs >= sinceMs + spanMs;

export class Calling {
  readonly #ports: CallingPorts;
  #policies: Policies = new Map();
  /** Houses whose policy this version does not understand. */
  #unread: ReadonlySet<OrganisationId> = new Set();
  #counts = NO_COUNTS;
  #running: Promise<void> | undefined;
  #isAskedAgain = false;
  #sweptMs = 0;
  #countedMs = 0;
  #isNoted = false;
  #isClosed = false;
  /** In vain since: what is told of who is called may be old. */
  #failures = 0;

  static async open(ports: CallingPorts): Promise<Calling> {
    const calling = new Calling(ports);
    await noteForgottenCalls(ports.sql, ports.nowMs());
    await calling.#readPolicies();
    await calling.#count();
    return calling;
  }

  private constructor(ports: CallingPorts) {
    this.#ports = ports;
  }

  policyOf(organisationId: OrganisationId): HousePolicy | undefined {
    return this.#policies.get(organisationId);
  }

  async refreshPolicies(): Promise<void> {
    await this.#readPolicies();
    this.wake();
  }

  async #readPolicies(): Promise<void> {
    const { policies, unread } = await policiesOf(this.#ports);
    this.#policies = policies;
    this.#unread = unread;
  }

  /** Of a house without a policy that is understood. */
  whyNobody(organisationId: OrganisationId): string {
    return this.#unread.has(organisationId) ? POLICY_UNREAD : NOBODY_CALLED;
  }

  part(): Part[] {
    const doubt = this.#doubt();
    const name = 'calling';
    if (doubt === undefined) return [{ name, ready: true, detail: 'by the policy of the house' }];
    return [{ name, ready: true, attention: true, detail: doubt }];
  }

  /** What whoever is responsible has to hear: that nobody is called, or that something was not taken. */
  #doubt(): string | undefined {
    const { unreached, untaken, houses_without: without } = this.#counts;
    if (this.#failures > 0) return 'nobody can be called: it is tried again';
    if (this.#unread.size > 0) return POLICY_UNREAD;
    if (unreached > 0) return `${unreached} owed alarms reach nobody`;
    if (untaken > 0)
      return `${untaken} notifications of owed alarms were not taken: see /api/calls/untaken`;
    const ofNobody = this.#ports.reach.gatewaysOfNobody();
    if (ofNobody > 0)
      return `${ofNobody} gateways name no organisation and there are several: nobody is called by them`;
    return without > 0 ? NOBODY_CALLED : undefined;
  }

  /** One has changed: soon after that is durable, its call is looked at. */
  noteAlarm(): void {
    if (this.#isNoted || this.#policies.size === 0) return;
    this.#isNoted = true;
    const { settleAlarms, after } = this.#ports;
    void settleAlarms().then(() =>
      after(GATHER_MS, () => {
        this.#isNoted = false;
        this.wake();
      }),
    );
  }

  /** Soon, and once for however often it is asked. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.#running !== undefined) {
      this.#isAskedAgain = true;
      return;
    }
    this.#running = this.#rounds().finally(() => {
      this.#running = undefined;
      if (this.#isAskedAgain) this.wake();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const sent = this.#ports.sending.close();
    await this.#running;
    await sent;
  }

  /** What need not be done whenever an alarm changes. */
  async #nowAndThen(): Promise<void> {
    const { sql, nowMs } = this.#ports;
    const atMs = nowMs();
    if (!hasPassed(this.#countedMs, COUNT_MS, atMs)) return;
    await noteClock(sql, { nowMs: atMs, everyMs: CLOCK_NOTED_MS });
    if (hasPassed(this.#sweptMs, SWEEP_MS, atMs)) {
      await noteForgottenCalls(sql, atMs);
      this.#sweptMs = atMs;
    }
    await this.#count();
    this.#countedMs = atMs;
  }

  async #count(): Promise<void> {
    const { sql, reach } = this.#ports;
    reach.noteHouses(await readHouses(sql));
    this.#counts = await readCounts(sql);
  }

  async #rounds(): Promise<void> {
    this.#isAskedAgain = false;
    const { sending, onProblem } = this.#ports;
    try {
      for (let mayBeMore = true; mayBeMore && !this.#isClosed; ) {
        mayBeMore = await stepCalls(this.#ports, this.#policies);
        await sending.look(() => this.wake());
      }
      await this.#nowAndThen();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      // Once: each second says the same, and the state of the server shows it.
      if (!this.#isClosed && this.#failures === 1) onProblem('look at calls that are due', error);
    }
  }
}

const NOBODY_CALLED =
  'nobody is called beyond screens: no policy says who. An alarm that nobody sees at a screen is seen by nobody';

const POLICY_UNREAD =
  'nobody is called beyond screens: the policy that says who is not understood by this version. Write it anew';

/**
 * In the transaction that writes the alarms. Should it ever fail by itself, the alarms are written all the same, and
 * what is owed by them is found within a minute.
 */
export const callFor =
  ({ nowMs, onProblem }: Pick<CallingPorts, 'nowMs' | 'onProblem'>) =>
  async (tx: Transaction, alarms: Parameters<typeof noteCalls>[1]): Promise<void> => {
    await tx
      .savepoint((own) => noteCalls(own, alarms, nowMs()))
      .catch((error: unknown) => onProblem('call for alarms', error));
  };

type Policies = ReadonlyMap<OrganisationId, HousePolicy>;

/** Whose policy this version does not read: nobody is called in that house, and it is said. */
async function policiesOf({ sql, onProblem }: CallingPorts): Promise<{
  readonly policies: Policies;
  readonly unread: ReadonlySet<OrganisationId>;
}> {
  const policies = new Map<OrganisationId, HousePolicy>();
  const unread = new Set<OrganisationId>();
  for (const { organisation_id: organisationId, version, ...row } of await readPolicies(sql)) {
    const policy = CallPolicy.safeParse(jsonIn(row.policy));
    if (policy.success) {
      const { made_ms: madeMs } = row;
      policies.set(organisationId, { organisationId, version, madeMs, policy: policy.data });
      continue;
    }
    unread.add(organisationId);
    onProblem('read who is called', new Error(`policy ${version} of ${organisationId}`));
  }
  return { policies, unread };
}
