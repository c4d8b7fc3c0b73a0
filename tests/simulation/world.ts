/**
 * The world of one seed: a store, keys, monitors on people, and servers that live and die. Each step
 * one thing happens; which, chance says.
 */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { databaseFault } from '../../apps/server/src/database/fault.ts';
import type { Registry } from '../../apps/server/src/devices/registry.ts';
import { takeIn } from '../../apps/server/src/doors/intake.ts';
import type { LogEntry } from '../../apps/server/src/line/entry.ts';
import { Chance } from './chance.ts';
import { Ledger } from './ledger.ts';
import { heldBytes } from './memory-check.ts';
import { MemoryDatabase, StoreError } from './memory-database.ts';
import { KeyDisk } from './memory-keys.ts';
import { type Monitor, messageOf, type Sent } from './monitor.ts';
import { Died, Life, Scheduler } from './scheduler.ts';
import { type Server, startLife } from './server-life.ts';
import { Wearing } from './wearing.ts';
import { CALM, drawWeather, type Weather } from './weather.ts';

export const NOON = Date.UTC(2026, 0, 15, 12);
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

/** So many times more often than in any other step. */
const ERASED_IN_A_FLUSH = 20;

/** Room on the disk. */
const PLENTY = 1_000_000;

/** Memory for all of a story, and for some dozen or hundred messages. */
const AMPLE_BYTES = 64 * 1024 * 1024;
const SCANT_BYTES = [4_000, 16_000, 64_000];

export interface WorldOptions {
  readonly seed: number;
  /** A store that forgets what it has confirmed: a broken variant. */
  readonly answersBeforeSync: boolean;
  /** Misfortunes that this run is spared: for who looks for the cause of a failure. */
  readonly without: readonly string[];
}

export class World {
  readonly chance: Chance;
  readonly scheduler: Scheduler;
  readonly database: MemoryDatabase;
  readonly keyDisk: KeyDisk;
  readonly ledger = new Ledger();
  readonly wearing = new Wearing(this);
  readonly monitors: Monitor[] = [];
  readonly #stormy: Weather;
  weather: Weather = CALM;
  server: Server | undefined;
  #starting: Life | undefined;
  #startFromMs = 0;
  /** Servers that another one has replaced and that do not know it yet. */
  #replaced: Server[] = [];
  #serverSkewMs = 0;
  hasServerClockJumped = false;
  hasBeenTakenOver = false;
  freeBytes = PLENTY;
  /** What a server may hold in memory because the store does not have it yet. */
  readonly memoryBytes: number;
  /** Questions of a check are answered at once and move nothing. */
  isChecking = false;
  /** Something has happened after which everything is looked at. */
  isCheckDue = false;
  readonly violations: string[] = [];
  /** Erasures that were asked for: their key may be gone, or not. */
  readonly erasing = new Map<string, OrganisationId>();
  #admitting = new Set<string>();

  constructor({ seed, answersBeforeSync, without }: WorldOptions) {
    this.chance = new Chance(seed);
    this.scheduler = new Scheduler(this.chance);
    this.keyDisk = new KeyDisk(this.chance);
    const { chance, scheduler } = this;
    const weather = (): Weather => this.weather;
    this.database = new MemoryDatabase({ chance, scheduler, weather, answersBeforeSync });
    const spared = Object.fromEntries(without.map((kind) => [kind, 0]));
    this.keyDisk.onShred = (owner) => this.wearing.noteErased(owner);
    this.memoryBytes = chance.happens(0.5) ? chance.of(SCANT_BYTES) : AMPLE_BYTES;
    this.#stormy = { ...drawWeather(this.chance), ...spared };
  }

  get isMemoryScant(): boolean {
    return this.memoryBytes !== AMPLE_BYTES;
  }

  monitorOf(deviceId: string): Monitor | undefined {
    return this.monitors.find(({ kind }) => kind.id === deviceId);
  }

  trueNowMs(): number {
    return NOON + this.scheduler.elapsedMs;
  }

  serverNowMs(): number {
    return this.trueNowMs() + this.#serverSkewMs;
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  storm(): void {
    this.weather = this.#stormy;
  }

  calm(): void {
    this.weather = CALM;
    this.freeBytes = PLENTY;
  }

  /** Faults of the world are expected; anything else that is thrown is our own. */
  onProblem(life: Life, what: string, error: unknown): void {
    if (!life.isAlive || error instanceof Died) return;
    this.scheduler.note(`problem: ${what} (${String(error)})`);
    const isOfWorld = error instanceof StoreError || databaseFault(error) !== undefined;
    if (!isOfWorld)
      this.violate(`${what}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** Nothing is placed with somebody who is erased. */
  checkPlaced(entries: readonly LogEntry[], life: Life): void {
    if (this.server?.life !== life) return;
    for (const entry of entries) {
      const subjectIds =
        'series' in entry ? entry.series.map((one) => one.subjectId) : [entry.subjectId];
      if (subjectIds.some((id) => this.keyDisk.isShredded(id)))
        this.violate('something is placed with somebody who is erased');
    }
  }

  kill(life: Life, why: string): void {
    if (!life.isAlive) return;
    this.scheduler.note(`a server dies (${why})`);
    this.scheduler.bury(life);
    this.#startFromMs = this.scheduler.elapsedMs + SECOND;
    this.scheduler.after('start again', { life: undefined, delayMs: SECOND }, () => undefined);
    if (this.server?.life === life) this.server = undefined;
    if (this.#starting === life) this.#starting = undefined;
    this.#replaced = this.#replaced.filter((server) => server.life !== life);
  }

  /** One thing happens. */
  step(): void {
    const { chance, scheduler, weather } = this;
    scheduler.elapsedMs += chance.happens(0.1) ? chance.below(2 * SECOND) : chance.below(30);
    this.database.sync();
    this.restart();
    if (this.#misfortune(weather)) return;
    if (chance.happens(0.7) && scheduler.happenOne()) return;
    this.#work();
  }

  /** Whatever has died is started again. */
  restart(): void {
    const isIdle = this.server === undefined && this.#starting === undefined;
    if (isIdle && this.scheduler.elapsedMs >= this.#startFromMs) this.#start();
  }

  /** The one that has the lane, and those that do not know yet that they have lost it. */
  get servers(): Server[] {
    return [this.server, ...this.#replaced].filter((server) => server !== undefined);
  }

  #misfortune(weather: Weather): boolean {
    const { chance, scheduler } = this;
    const roll = chance.next();
    let upTo = 0;
    const isNow = (rate: number): boolean => {
      upTo += rate;
      return roll < upTo;
    };
    if (isNow(weather.serverDies)) this.#killAny();
    else if (isNow(weather.storeDies)) {
      scheduler.note('the store dies');
      this.database.die();
    } else if (isNow(weather.takenOver)) this.#takeOver();
    else if (isNow(weather.erased)) this.#eraseAny();
    else if (isNow(weather.reattributed)) this.wearing.sayAnything();
    else if (isNow(weather.serverClockJumps)) {
      this.hasServerClockJumped = true;
      this.#serverSkewMs += chance.of([
        -HOUR,
        -MINUTE,
        -SECOND,
        SECOND,
        MINUTE,
        HOUR,
        9 * 24 * HOUR,
      ]);
      scheduler.note(`the server's clock is off by ${this.#serverSkewMs} ms`);
    } else if (isNow(weather.deviceClockJumps)) {
      const monitor = chance.of(this.monitors);
      monitor.jump();
      scheduler.note(`the clock of ${monitor.kind.id} is off by ${monitor.skewMs} ms`);
    } else if (isNow(weather.sleeps)) {
      scheduler.note('everything sleeps');
      scheduler.elapsedMs += chance.between(MINUTE, 20 * MINUTE);
    } else if (isNow(weather.diskFills)) this.#fillDisk();
    else if (isNow(weather.flushes)) this.flush();
    else if (isNow(weather.asks)) this.onAsk();
    else return false;
    return true;
  }

  /** Set by who asks questions while things go on. */
  onAsk = (): void => {};

  #start(): void {
    const life = new Life();
    this.#starting = life;
    this.scheduler.note('a server starts');
    startLife(this, life).then(
      (server) => {
        this.#starting = undefined;
        if (!life.isAlive) return;
        if (this.server !== undefined) this.#replaced.push(this.server);
        this.server = server;
        this.isCheckDue = true;
        this.scheduler.note('a server is ready');
      },
      (error: unknown) => {
        this.onProblem(life, 'start', error);
        this.kill(life, 'at its start');
      },
    );
  }

  #killAny(): void {
    const lives = [this.server?.life, this.#starting, ...this.#replaced.map(({ life }) => life)];
    const living = lives.filter((life) => life !== undefined);
    if (living.length > 0) this.kill(this.chance.of(living), 'by chance');
  }

  /** A second server on the same database: the first one finds out when it writes. */
  #takeOver(): void {
    if (this.server === undefined || this.#starting !== undefined) return;
    this.hasBeenTakenOver = true;
    this.#start();
  }

  /** For a while: somebody makes room again. */
  #fillDisk(): void {
    this.scheduler.note('the disk is full');
    this.freeBytes = 0;
    const when = { life: undefined, delayMs: this.chance.below(MINUTE) };
    this.scheduler.after('there is room', when, () => {
      this.freeBytes = PLENTY;
    });
  }

  flush(): void {
    const { server } = this;
    if (server === undefined) return;
    this.scheduler.note('flush');
    void server.telemetry.flush().then(() => {
      if (server.life.isAlive) this.isCheckDue = true;
    });
    // The worst moment for it.
    if (this.chance.happens(this.weather.erased * ERASED_IN_A_FLUSH)) this.#eraseAny();
  }

  #eraseAny(): void {
    const { server } = this;
    const subjects = [...(server?.registry.subjects.values() ?? [])];
    // Two servers at once are beyond the promise of erasure: the second has read its keys.
    if (server === undefined || this.#starting !== undefined || subjects.length < 3) return;
    const subject = this.chance.of(subjects);
    this.scheduler.note(`erase ${subject.id}`);
    this.erasing.set(subject.id, subject.organisationId);
    const who = { organisationId: subject.organisationId, accountId: undefined };
    const order = { recordNumber: subject.identity.recordNumber, stopMonitoring: true };
    // What is on its way between two records needs both keys.
    const isMoving = server.registry.moves.concerns(subject.id);
    server.erasure.erase(who, subject, order).then(
      (erased) => {
        if (!server.life.isAlive) return;
        const isRefused = !erased.ok && erased.fault.code === 'READINGS_MOVING';
        if (isRefused !== isMoving) this.violate(`a record on the move was erased: ${subject.id}`);
        else if (!erased.ok && !isRefused) this.violate(`erasure refused: ${erased.fault.code}`);
        else if (erased.ok && !this.keyDisk.isShredded(subject.id))
          this.violate('a receipt, and a key');
        if (isRefused) this.erasing.delete(subject.id);
        this.isCheckDue = true;
      },
      (error: unknown) => this.onProblem(server.life, 'erase', error),
    );
  }

  #work(): void {
    const { chance } = this;
    const monitor = chance.of(this.monitors);
    const { server } = this;
    const wearer = server?.registry.devices.get(monitor.kind.id)?.wearerNow(this.serverNowMs());
    if (server !== undefined && wearer === undefined && chance.happens(0.2)) {
      this.#admit(monitor, server);
      return;
    }
    const isAgain = monitor.waiting.length > 0 && chance.happens(0.3);
    const sent = isAgain ? chance.of(monitor.waiting) : monitor.measure(this.trueNowMs());
    this.send(monitor, sent);
  }

  /** Somebody new wears a device that nobody wears. */
  #admit(monitor: Monitor, server: Server): void {
    const { id, organisationId } = monitor.kind;
    if (this.#admitting.has(id)) return;
    this.#admitting.add(id);
    this.scheduler.note(`admit somebody for ${id}`);
    this.admitted(server.registry, organisationId)
      .then((subjectId) => this.wearing.admit(server, monitor, subjectId))
      .catch((error: unknown) => this.onProblem(server.life, 'admit', error))
      .finally(() => this.#admitting.delete(id));
    this.scheduler.after('forget an admission', { life: undefined, delayMs: MINUTE }, () =>
      this.#admitting.delete(id),
    );
  }

  async admitted(registry: Registry, organisationId: OrganisationId): Promise<SubjectId> {
    const id = this.chance.newId() as SubjectId;
    const identity = {
      familyName: 'A',
      givenName: 'B',
      sex: 'unknown',
      recordNumber: 'N',
    } as const;
    const isAdult = this.chance.happens(0.8);
    await registry.addSubject({
      organisationId,
      id,
      kind: 'patient',
      category: isAdult ? 'adult' : 'unknown',
      paced: 'no',
      identity,
    });
    return id;
  }

  /** On its way: it may be lost, held back, or arrive twice. */
  send(monitor: Monitor, sent: Sent): void {
    const { chance, weather } = this;
    const times = chance.happens(weather.doubled) ? 2 : 1;
    for (let i = 0; i < times; i += 1) {
      if (chance.happens(weather.lost)) continue;
      const heldBackMs = chance.happens(weather.heldBack) ? chance.below(20 * MINUTE) : 0;
      const delayMs = heldBackMs + chance.below(60);
      const when = { life: undefined, delayMs };
      sent.underway += 1;
      this.scheduler.after(`deliver ${sent.id}`, when, () => {
        sent.underway -= 1;
        this.#deliver(monitor, sent);
      });
    }
  }

  #deliver(monitor: Monitor, sent: Sent): void {
    const { chance, weather } = this;
    const { servers } = this;
    if (servers.length === 0) return;
    const server = chance.of(servers);
    const { life, registry, intake, nowMs } = server;
    const device = registry.devices.get(monitor.kind.id);
    if (device === undefined) throw new Error(`nobody knows ${monitor.kind.id}`);
    let isRefused = false;
    const isMemoryFull = this.isMemoryScant && heldBytes(server.telemetry) >= this.memoryBytes;
    try {
      takeIn(
        messageOf(sent, { device, receivedMs: nowMs(), waits: chance.happens(0.7) }),
        intake,
        ({ fault, faults }) => {
          isRefused ||= fault !== undefined;
          if (!life.isAlive || fault !== undefined) return;
          this.ledger.promise(sent.facts, { isParked: faults.length > 0 });
          this.scheduler.note(`promise ${sent.id}`);
          if (chance.happens(weather.lost)) return;
          const when = { life: undefined, delayMs: chance.below(60) };
          this.scheduler.after(`hear ${sent.id}`, when, () => monitor.heard(sent));
        },
      );
    } catch (error) {
      this.onProblem(life, 'take in', error);
    }
    if (isMemoryFull && !isRefused) this.violate('a message was taken in beyond the memory');
  }
}
