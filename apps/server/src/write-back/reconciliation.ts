/**
 * Compares what a destination keeps with what should be there by the readings, patient by patient and day by
 * day; what is missing or different is reported, and sent again where somebody says so.
 */
import type { Reconciliation as ReconciliationView } from '@ausculta/contract/write-back';
import { isSameSummary, summaryIdentifier } from '@ausculta/fhir/day-summary';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Observation } from '@medplum/fhirtypes';
import type { RegisteredSubject } from '../devices/registry.ts';
import { type Said, sayingsOf } from './day-of-patient.ts';
import type { OptIn } from './opt-ins.ts';
import type { Sending, SendingPorts } from './sending.ts';
import * as store from './store.ts';

type Counts = Pick<
  ReconciliationView,
  'patients' | 'checked' | 'same' | 'missing' | 'different' | 'doubled' | 'waiting' | 'sentAgain'
>;

export interface ReconciliationPorts extends SendingPorts {
  readonly pause: () => Promise<void>;
}

interface Order {
  readonly organisationId: OrganisationId;
  /** Whether what is missing or different is sent again. */
  readonly send: boolean;
}

export class Reconciliation {
  readonly #ports: ReconciliationPorts;
  readonly #sending: Sending;
  readonly #counts: { -readonly [K in keyof Counts]: number } = {
    ...{ patients: 0, checked: 0, same: 0, missing: 0, different: 0, doubled: 0 },
    ...{ waiting: 0, sentAgain: 0 },
  };
  readonly #startedMs: number;
  readonly organisationId: OrganisationId;
  #endedMs: number | undefined;
  #problem: string | undefined;
  #isClosed = false;
  readonly done: Promise<void>;

  constructor(ports: ReconciliationPorts, sending: Sending, order: Order) {
    this.#ports = ports;
    this.#sending = sending;
    this.#startedMs = ports.nowMs();
    this.organisationId = order.organisationId;
    this.done = this.#run(order)
      .catch((error: unknown) => {
        this.#problem = 'it broke off: see the log';
        ports.onProblem('compare what was sent', error);
      })
      .finally(() => {
        this.#endedMs = ports.nowMs();
      });
  }

  get isRunning(): boolean {
    return this.#endedMs === undefined;
  }

  view(): ReconciliationView {
    const ended = this.#endedMs;
    return {
      startedAt: new Date(this.#startedMs).toISOString(),
      endedAt: ended === undefined ? null : new Date(ended).toISOString(),
      problem: this.#problem ?? null,
      ...this.#counts,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.done;
  }

  async #run(order: Order): Promise<void> {
    const { optIns, registry, sql, pause } = this.#ports;
    const { name: destination } = this.#sending.destination;
    for (const optIn of [...optIns.of(destination)]) {
      const subject = registry.subjects.get(optIn.subjectId);
      const isOurs = optIn.organisationId === order.organisationId;
      if (!isOurs || subject === undefined || optIn.state !== 'found') continue;
      this.#counts.patients += 1;
      const key = { subjectId: optIn.subjectId, destination };
      for (const day of await store.settledDays(sql, key)) {
        if (this.#isClosed || this.#problem !== undefined) return;
        await this.#compare({ subject, optIn, day }, order);
        await pause();
      }
    }
  }

  async #compare(
    of: { readonly subject: RegisteredSubject; readonly optIn: OptIn; readonly day: string },
    { send }: Order,
  ): Promise<void> {
    const { optIn, day, subject } = of;
    const { patient } = optIn;
    const { holds, registry } = this.#ports;
    // What may not be sent now is not asked for either.
    if (patient === undefined || holds.of(subject.id).length > 0) return;
    if (registry.moves.concerns(subject.id)) {
      this.#counts.waiting += 1;
      return;
    }
    const destination = optIn.destination.name;
    const key = { subject_id: subject.id, destination, day };
    const sent = await this.#sending.sentOf(key);
    const said = await sayingsOf(this.#ports, { ...of, patient }, sent);
    const names = said.flatMap((one) => {
      const metric = metricByKey(one.metric);
      return metric === undefined ? [] : [{ subjectId: subject.id, metric, day }];
    });
    if (names.length === 0) return;
    const kept = await this.#sending.remote.summaries(names);
    if (kept.kind !== 'told') {
      this.#problem = kept.reason;
      return;
    }
    const wrong = names.flatMap((name, index) => {
      const { value } = summaryIdentifier(name);
      const there = kept.value.filter((one) => bears(one, value));
      return this.#isAsSaid(said[index], there) ? [] : [name.metric.key];
    });
    if (wrong.length === 0 || !send) return;
    await this.#sendAgain(optIn, key, wrong);
  }

  /** Of several there, which one is right is for the people there to say: sent again, it would be refused. */
  #isAsSaid(said: Said | undefined, there: readonly Observation[]): boolean {
    const [first] = there;
    const isSame =
      first !== undefined && said !== undefined && isSameSummary(first, said.observation);
    this.#counts.checked += 1;
    if (there.length > 1) this.#counts.doubled += 1;
    else if (isSame) this.#counts.same += 1;
    else if (first === undefined) this.#counts.missing += 1;
    else this.#counts.different += 1;
    return isSame || there.length > 1;
  }

  async #sendAgain(optIn: OptIn, key: store.DayKey, metrics: readonly string[]): Promise<void> {
    const { inLane, nowMs } = this.#ports;
    this.#counts.sentAgain += 1;
    const due = { organisation_id: optIn.organisationId, since_ms: nowMs(), due_ms: nowMs() };
    await inLane(async (tx) => {
      await store.doubtSent(tx, { ...key, metrics });
      await store.markDays(tx, [{ ...key, ...due }]);
    });
  }
}

function bears({ identifier = [] }: Observation, value: string): boolean {
  return identifier.some((one) => one.value === value);
}
