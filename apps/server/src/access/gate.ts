/**
 * Finds the facts that the policy judges: how the caller stands to the person asked about, what that person
 * has decided, what has been opened to others. The policy alone decides (packages/policy).
 */
import { type Decision, decide } from '@ausculta/policy/decide';
import type { Grant } from '@ausculta/policy/grant';
import type { AccessRequest, Actor, BreakGlass, Target } from '@ausculta/policy/request';
import type { Sink } from '@ausculta/policy/sink';
import type { SmartAccess } from '@ausculta/policy/smart-scope';
import {
  type Action,
  DATA_CLASSES,
  type DataClass,
  type Purpose,
  type Relation,
  type Role,
} from '@ausculta/policy/vocabulary';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Manner } from './manner.ts';
import { hasShift, isOnShift } from './on-shift.ts';
import { holdsAt, type Standing } from './standing.ts';

/** Who asks. A program acts under no account, and stands at no bed: with a treating role it is on shift everywhere. */
export interface Asker {
  /** Whose data are asked for. */
  readonly organisationId: OrganisationId;
  /** To which the asker belongs. */
  readonly homeOrganisationId: OrganisationId;
  readonly accountId: AccountId | undefined;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Of a SMART token: it narrows. */
  readonly smart?: Pick<SmartAccess, 'scopes' | 'patientId'> | undefined;
  /** Somebody's app: what is opened in an emergency is opened to the person who looks. */
  readonly isApp?: boolean;
}

/** Whoever holds a token, apart from what it narrows. */
export const holderOf = (asker: Asker): Asker => ({
  ...asker,
  smart: undefined,
  isApp: asker.smart !== undefined,
});

export interface Asked {
  readonly action: Action;
  readonly dataClass: DataClass;
  readonly subjectId?: SubjectId | undefined;
  /** Key of the catalogue; undefined asks for all at once. */
  readonly metric?: string | undefined;
  /** When it was measured. */
  readonly span?: { readonly fromMs: number; readonly untilMs: number } | undefined;
  readonly encounterId?: string | undefined;
  /** Security labels, as "system|code". */
  readonly labels?: readonly string[] | undefined;
  /** Undefined: for what the caller's role is there for. */
  readonly purposes?: readonly Purpose[] | undefined;
  readonly sink?: Sink | undefined;
}

/** What the rest of the platform knows of who is cared for. */
export interface SubjectFacts {
  /** Where the person lies; undefined: nowhere, or at home. */
  readonly unitOf: (subjectId: SubjectId) => string | undefined;
  readonly isInvented: (subjectId: SubjectId) => boolean;
  readonly isAlarmOwed: (subjectId: SubjectId) => boolean;
  /** Of one person all records. */
  readonly recordsOf: (subjectId: SubjectId) => readonly SubjectId[];
  readonly organisationOf: (subjectId: SubjectId) => OrganisationId | undefined;
  readonly subjectsOf: (organisationId: OrganisationId) => Iterable<SubjectId>;
}

export interface GatePorts extends SubjectFacts {
  readonly standing: Standing;
  readonly nowMs: () => number;
  /** Under whose law the data lie: ISO 3166-1 alpha-2. */
  readonly jurisdiction: string;
  /** Minutes east of Greenwich; undefined where nobody has said where the house is. */
  readonly utcOffsetMinutes: ((atMs: number) => number) | undefined;
}

/** What each role is there for. */
const PURPOSE_OF: Readonly<Record<Role, readonly Purpose[]>> = {
  patient: ['PATRQT'],
  proxy: ['PATRQT', 'FAMRQT'],
  caregiver: ['TREAT'],
  nurse: ['TREAT'],
  physician: ['TREAT'],
  'primary-care': ['TREAT'],
  paramedic: ['TREAT'],
  pharmacist: ['TREAT'],
  laboratory: ['TREAT'],
  'biomedical-engineer': ['HOPERAT'],
  manufacturer: ['HOPERAT'],
  integrator: ['SYSDEV'],
  supplier: ['HOPERAT'],
  administrator: ['HSYSADMIN', 'HOPERAT', 'PATRQT'],
  auditor: ['HCOMPL'],
  'public-health-analyst': ['PUBHLTH', 'HRESCH'],
  'payer-analyst': ['HPAYMT'],
  trainee: ['TRAIN'],
  'wall-display': ['TREAT'],
  device: ['TREAT'],
  'platform-job': ['TREAT'],
};

/** What is about no person is asked for to run the house, by whoever works in it. */
const OF_THE_HOUSE: readonly Purpose[] = ['HOPERAT'];

const BREAKS_GLASS: readonly Role[] = [
  'nurse',
  'physician',
  'primary-care',
  'paramedic',
  'pharmacist',
];
const STANDS_EVERYWHERE: readonly Role[] = ['nurse', 'physician', 'primary-care', 'paramedic'];

/** As a person of whom nothing is known. */
const NOBODY = '00000000-0000-4000-8000-000000000000' as SubjectId;

const LEARNS_BY_INVENTED: readonly Role[] = ['trainee', 'integrator'];

export class Gate {
  readonly #ports: GatePorts;

  constructor(ports: GatePorts) {
    this.#ports = ports;
  }

  get standing(): Standing {
    return this.#ports.standing;
  }

  /** The first of the caller's roles that opens it; else why the nearest did not. */
  decide(asker: Asker, asked: Asked): Decision {
    const relations = this.relationsTo(asker, asked.subjectId, asked.dataClass);
    const request = this.#requestOf(asker, asked);
    let refusal: Decision | undefined;
    for (const role of asker.roles) {
      const actor = { ...request.actor, role, relations };
      for (const purpose of purposesOf(role, asked)) {
        const decision = decide({ ...request, actor, purpose });
        if (decision.isPermitted) return decision;
        refusal ??= decision;
        if (decision.code === 'CONSENT_DENIES') refusal = decision;
      }
    }
    const opened = this.#throughGlass(asker, request, relations);
    return opened ?? refusal ?? decide({ ...request, purpose: 'TREAT' });
  }

  may(asker: Asker, asked: Asked): boolean {
    return this.decide(asker, asked).isPermitted;
  }

  #throughGlass(
    { accountId, roles, organisationId, homeOrganisationId, isApp }: Asker,
    request: Omit<AccessRequest, 'purpose'>,
    relations: readonly Relation[],
  ): Decision | undefined {
    const { subjectId } = request.target;
    if (accountId === undefined || subjectId === undefined || isApp) return undefined;
    if (organisationId !== homeOrganisationId) return undefined;
    const glass = this.standing.glassFor(accountId, subjectId as SubjectId);
    return glass && this.#decideByGlass(roles, { ...request, breakGlass: glass }, relations);
  }

  /** Whether it would open the record, were it broken. */
  decideThroughGlass(asker: Asker, breakGlass: BreakGlass): Decision {
    const { subjectId } = breakGlass;
    const asked = {
      action: 'read',
      dataClass: 'identity',
      subjectId: subjectId as SubjectId,
    } as const;
    const request = { ...this.#requestOf(asker, asked), breakGlass };
    const decision = this.#decideByGlass(asker.roles, request, []);
    return decision ?? decide({ ...request, purpose: 'ETREAT' });
  }

  #decideByGlass(
    roles: readonly Role[],
    request: Omit<AccessRequest, 'purpose'>,
    relations: readonly Relation[],
  ): Decision | undefined {
    for (const role of roles.filter((one) => BREAKS_GLASS.includes(one))) {
      const actor = { ...request.actor, role, relations };
      const decision = decide({ ...request, actor, purpose: 'ETREAT' });
      if (decision.isPermitted) return decision;
    }
    return undefined;
  }

  /** How the caller stands to the person at this moment. */
  relationsTo(
    asker: Asker,
    subjectId: SubjectId | undefined,
    dataClass: DataClass,
  ): readonly Relation[] {
    const relations = new Set<Relation>();
    const { accountId } = asker;
    // A shift at home is none in another house.
    const isHome = asker.organisationId === asker.homeOrganisationId;
    if (accountId === undefined) {
      if (isHome && asker.roles.some((role) => STANDS_EVERYWHERE.includes(role)))
        relations.add('on-shift');
      return [...relations];
    }
    const nowMs = this.#ports.nowMs();
    if (subjectId !== undefined) {
      const records = this.#ports.recordsOf(subjectId);
      for (const row of this.standing.relationsOf(accountId)) {
        if (records.includes(row.subject_id) && holdsAt(row, nowMs)) relations.add(row.kind);
      }
    }
    if (isHome && this.isOnShift(accountId, subjectId, dataClass)) relations.add('on-shift');
    return [...relations];
  }

  /** Whether both are records of one person. */
  readonly isSamePerson = (one: SubjectId, other: SubjectId): boolean =>
    one === other || this.#ports.recordsOf(one).includes(other);

  readonly everybodyOf = (id: OrganisationId) => this.#ports.subjectsOf(id);

  isOnShift(accountId: AccountId, subjectId: SubjectId | undefined, dataClass: DataClass): boolean {
    return isOnShift({ ...this.#ports, accountId, subjectId, dataClass });
  }

  hasShift(accountId: AccountId, unit: string | null): boolean {
    return hasShift(this.standing.shiftsOf(accountId), { unit, nowMs: this.#ports.nowMs() });
  }

  /** Whether that organisation has opened anything to the caller's, or to the caller. */
  isOpenedTo({ homeOrganisationId, accountId }: Asker, organisationId: OrganisationId): boolean {
    const nowMs = this.#ports.nowMs();
    return (
      organisationId === homeOrganisationId ||
      this.standing
        .grantsBetween(organisationId, homeOrganisationId)
        .some(
          ({ fromMs, untilMs, toActorId }) =>
            fromMs <= nowMs &&
            nowMs < untilMs &&
            (toActorId === undefined || toActorId === accountId),
        )
    );
  }

  /** Another number after each change, and each second: a shift ends by the clock. */
  get version(): number {
    return this.standing.version + Math.floor(this.#ports.nowMs() / 1000);
  }

  /** Whether the person has decided anything: then each document is asked for by itself. */
  isParticular(subjectId: SubjectId): boolean {
    return this.#ports.recordsOf(subjectId).some((id) => this.standing.consentsOf(id).length > 0);
  }

  /** Whether anybody has. */
  isAnyParticular(): boolean {
    return this.standing.consented()[Symbol.iterator]().next().done !== true;
  }

  isOf(subjectId: SubjectId, organisationId: OrganisationId): boolean {
    return this.#ports.organisationOf(subjectId) === organisationId;
  }

  /** Those who have. */
  *particular(organisationId: OrganisationId): Iterable<SubjectId> {
    const { organisationOf, recordsOf } = this.#ports;
    const found = new Set([...this.standing.consented()].flatMap((id) => recordsOf(id)));
    for (const id of found) if (organisationOf(id) === organisationId) yield id;
  }

  /** Of whoever there is, or will be, as long as they have not decided otherwise. */
  isOpenToAll(asker: Asker, manner: Manner, dataClass: DataClass): boolean {
    if (asker.organisationId !== asker.homeOrganisationId) return false;
    return this.may(asker, { ...manner, dataClass, subjectId: NOBODY });
  }

  seesClass(asker: Asker, manner: Manner, of: Pick<Asked, 'dataClass' | 'subjectId'>): boolean {
    const encounterId = of.subjectId && this.#episode(asker, of.subjectId)?.encounterId;
    return this.may(asker, { ...manner, ...of, encounterId, labels: [] });
  }

  /** What decides of two persons alike, but for what they have decided themselves; undefined where they have. */
  likenessOf(asker: Asker, subjectId: SubjectId): string | undefined {
    const { isInvented, isAlarmOwed, unitOf } = this.#ports;
    const isAway = asker.organisationId !== asker.homeOrganisationId;
    const glass = asker.accountId && this.standing.glassFor(asker.accountId, subjectId);
    if (isAway || glass !== undefined || this.isParticular(subjectId)) return undefined;
    const relations = [...this.relationsTo(asker, subjectId, 'documents')].sort();
    const isPlaced = unitOf(subjectId) !== undefined;
    return [...relations, isPlaced, isInvented(subjectId), isAlarmOwed(subjectId)].join(' ');
  }

  /** Whoever the caller may know anything of. */
  candidates(asker: Asker): Iterable<SubjectId> {
    const { accountId, organisationId, homeOrganisationId, roles } = asker;
    const all = this.#ports.subjectsOf(organisationId);
    if (roles.some((role) => LEARNS_BY_INVENTED.includes(role))) return all;
    if (accountId === undefined) return [];
    const isHere = (id: SubjectId) => this.#ports.organisationOf(id) === organisationId;
    const known = new Set<SubjectId>();
    const related = this.standing.relationsOf(accountId).map(({ subject_id }) => subject_id);
    const glass = this.standing.glassOf(accountId).map(({ subject_id }) => subject_id);
    for (const id of [...related, ...glass])
      for (const record of this.#ports.recordsOf(id)) if (isHere(record)) known.add(record);
    if (organisationId === homeOrganisationId && this.standing.shiftsOf(accountId).length > 0)
      for (const id of all) if (this.isOnShift(accountId, id, 'alarms')) known.add(id);
    return known;
  }

  /** When what was measured is open to a caller from elsewhere; undefined: whenever. */
  episodeOf(asker: Asker, subjectId: SubjectId): { fromMs: number; toMs: number } | undefined {
    const episode = this.#episode(asker, subjectId);
    return episode && { fromMs: episode.fromMs, toMs: episode.untilMs };
  }

  #episode(asker: Asker, subjectId: SubjectId): Grant['episode'] {
    const { organisationId, homeOrganisationId } = asker;
    if (organisationId === homeOrganisationId) return undefined;
    const nowMs = this.#ports.nowMs();
    const about = this.standing
      .grantsBetween(organisationId, homeOrganisationId)
      .filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
      .filter(({ subjectIds }) => subjectIds === undefined || subjectIds.includes(subjectId))
      .filter(({ toActorId }) => toActorId === undefined || toActorId === asker.accountId);
    return about.some(({ episode }) => episode === undefined) ? undefined : about[0]?.episode;
  }

  #requestOf(asker: Asker, asked: Asked): Omit<AccessRequest, 'purpose'> {
    const { organisationId, homeOrganisationId, accountId, displayName, smart } = asker;
    const { subjectId, action, dataClass, sink } = asked;
    const { standing, nowMs } = this.#ports;
    const isAway = organisationId !== homeOrganisationId;
    const actor: Actor = {
      id: accountId ?? `program:${displayName}`,
      role: 'patient',
      organisationId: homeOrganisationId,
      relations: [],
      references: [`Practitioner/${accountId ?? ''}`, `Organization/${homeOrganisationId}`],
    };
    return {
      nowMs: nowMs(),
      actor,
      action,
      dataClass,
      target: this.#targetOf(organisationId, asked),
      consents: subjectId === undefined ? [] : this.consentsOf(subjectId),
      grants: isAway ? standing.grantsBetween(organisationId, homeOrganisationId) : [],
      ...(smart && { smart }),
      ...(isLeaving(action) && { sink: sink ?? this.#ownHouse(organisationId) }),
    };
  }

  /** Where it goes unless somebody says where. */
  #ownHouse(organisationId: OrganisationId): Sink {
    return { kind: 'organisation', organisationId, jurisdiction: this.#ports.jurisdiction };
  }

  #targetOf(organisationId: OrganisationId, asked: Asked): Target {
    const { subjectId, metric, span, encounterId, labels } = asked;
    const { isInvented, isAlarmOwed, jurisdiction, nowMs } = this.#ports;
    const utcOffsetMinutes = this.#ports.utcOffsetMinutes?.(nowMs());
    return {
      organisationId,
      jurisdiction,
      ...(subjectId !== undefined && {
        subjectId,
        isSynthetic: isInvented(subjectId),
        isAlarmOwed: isAlarmOwed(subjectId),
      }),
      ...(utcOffsetMinutes !== undefined && { utcOffsetMinutes }),
      ...(metric !== undefined && { metric }),
      ...(span && { dataFromMs: span.fromMs, dataUntilMs: span.untilMs }),
      ...(encounterId !== undefined && { encounterId }),
      ...(labels && { labels }),
    };
  }

  /** Given under whichever of the person's records. */
  consentsOf(subjectId: SubjectId) {
    const records = this.#ports.recordsOf(subjectId);
    const all = records.flatMap((record) => this.standing.consentsOf(record));
    return all.map((consent) =>
      consent.subjectId === subjectId ? consent : { ...consent, subjectId },
    );
  }
}

const isLeaving = (action: Action): boolean => action === 'export' || action === 'disclose';

function purposesOf(role: Role, { dataClass, purposes }: Asked): readonly Purpose[] {
  if (purposes !== undefined) return purposes;
  const own = PURPOSE_OF[role];
  return DATA_CLASSES[dataClass].person ? own : [...own, ...OF_THE_HOUSE];
}
