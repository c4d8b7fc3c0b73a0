/** By which channels somebody can be called: what the operator has opened, and for which of it a person gave an address. */
import type { CallAddresses } from '@ausculta/contract/calling';
import type { CallChannel } from '@ausculta/rules/calling/policy';
import type { AccountId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Asker, Gate } from '../access/gate.ts';
import type { Sql, Transaction } from '../database/pool.ts';
import type { MailRelay } from '../subscriptions/mail-relay.ts';
import { parseAddress } from '../subscriptions/mail-settings.ts';
import type { Vault } from '../vault/vault.ts';
import { WATCHDOG_ORGANISATION } from '../watchdog/store.ts';
import { NO_ADDRESSES, openAddresses } from './addresses.ts';
import type { Gateway } from './gateways.ts';
import { type Addressee, addressesOf } from './view-store.ts';

export interface ReachPorts {
  readonly mails: Pick<MailRelay, 'whyNot'>;
  readonly hasRelay: boolean;
  readonly gateways: readonly Gateway[];
  readonly organisationSeal: Vault['organisationSeal'];
}

export interface Within {
  readonly addressesOf: (accountId: string) => CallAddresses;
  readonly canReach: (accountId: string, channel: CallChannel) => boolean;
  readonly hasGateway: (name: string) => boolean;
  /** Whether this person may acknowledge alarms of that one: whoever may not can only tell somebody else. */
  readonly mayAnswer: (accountId: string, subjectId: SubjectId) => boolean;
}

export class Reach {
  readonly #ports: ReachPorts;
  /** Until it is known who sees whom, nobody counts as reached. */
  #gate: Pick<Gate, 'may' | 'hasShift'> | undefined;
  /** Without that of the watchdog, in which nobody is called. */
  #houses: readonly OrganisationId[] = [];

  constructor(ports: ReachPorts) {
    this.#ports = ports;
  }

  boundBy(gate: Pick<Gate, 'may' | 'hasShift'>): void {
    this.#gate = gate;
  }

  hasShift(accountId: AccountId, unit: string | null): boolean {
    return this.#gate?.hasShift(accountId, unit) === true;
  }

  noteHouses(ids: readonly OrganisationId[]): void {
    this.#houses = ids.filter((id) => id !== WATCHDOG_ORGANISATION);
  }

  /** One that names no house is of the only one there is: of several it would tell alarms of each to the other. */
  gatewaysOf(organisationId: OrganisationId): readonly Gateway[] {
    const [only, ...others] = this.#houses;
    const unnamed = others.length === 0 ? only : undefined;
    return this.#ports.gateways.filter(
      ({ organisation = unnamed }) => organisation === organisationId,
    );
  }

  /** Those that name no house though there are several. */
  gatewaysOfNobody(): number {
    if (this.#houses.length < 2) return 0;
    return this.#ports.gateways.filter(({ organisation }) => organisation === undefined).length;
  }

  gateway(organisationId: OrganisationId, channel: string): Gateway | undefined {
    const [kind, name] = channel.split('/');
    if (kind !== 'gateway') return undefined;
    return this.gatewaysOf(organisationId).find((gateway) => gateway.name === name);
  }

  /** Why nobody can be mailed from here; undefined: some can. */
  whyNoMail(): string | undefined {
    return this.#ports.hasRelay ? undefined : this.#ports.mails.whyNot(undefined);
  }

  /** Why nobody can be called by it; undefined where nothing is in the way. */
  whyNot(
    organisationId: OrganisationId,
    channel: string,
    addresses: CallAddresses,
  ): string | undefined {
    if (channel === 'mail') {
      const { mail } = addresses;
      return mail === null
        ? 'No mail address is given.'
        : this.#ports.mails.whyNot(parseAddress(mail)?.domain);
    }
    const gateway = this.gateway(organisationId, channel);
    if (gateway === undefined)
      return 'The operator has listed no such gateway in AUSCULTA_CALLING.';
    if (gateway.kind === 'pcd-04') return 'It is an alarm manager, and calls no person.';
    return addresses.number === null ? 'No number is given.' : undefined;
  }

  async within(
    sql: Sql | Transaction,
    organisationId: OrganisationId,
    accounts: readonly string[],
  ): Promise<Within> {
    const seal = this.#ports.organisationSeal(organisationId);
    const rows = await addressesOf(sql, organisationId, accounts);
    const known = new Map<string, CallAddresses>(
      rows.map((row) => [row.account_id, openAddresses(row, seal)]),
    );
    const askers = new Map<string, Asker>(rows.map((row) => [row.account_id, askerOf(row)]));
    const asked = { action: 'acknowledge', dataClass: 'alarms' } as const;
    const addresses = (accountId: string): CallAddresses => known.get(accountId) ?? NO_ADDRESSES;
    return {
      addressesOf: addresses,
      canReach: (accountId, channel) =>
        this.whyNot(organisationId, channel, addresses(accountId)) === undefined,
      hasGateway: (name) => this.gateway(organisationId, `gateway/${name}`) !== undefined,
      mayAnswer: (accountId, subjectId) => {
        const asker = askers.get(accountId);
        return asker !== undefined && this.#gate?.may(asker, { ...asked, subjectId }) === true;
      },
    };
  }
}

/** As at a screen of their own house. */
const askerOf = ({ organisation_id, account_id, name, roles }: Addressee): Asker => ({
  ...{ organisationId: organisation_id, homeOrganisationId: organisation_id },
  ...{ accountId: account_id, displayName: name, roles },
});
