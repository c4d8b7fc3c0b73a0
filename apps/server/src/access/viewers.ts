/** A viewer for each request; what is the same for all requests of one caller is worked out once. */
import { type Asker, type Gate, holderOf } from './gate.ts';
import { LOOKING, type Manner } from './manner.ts';
import { type Scope, scopeOf, withinScopes } from './scope.ts';
import { SmartLimits } from './smart-limits.ts';
import { Viewer } from './viewer.ts';

const CALLERS_MAX = 1_000;

export class Viewers {
  readonly gate: Gate;
  readonly #scopes = new Map<string, { readonly version: number; readonly scope: Scope }>();

  constructor(gate: Gate) {
    this.gate = gate;
  }

  of(asker: Asker, manner: Manner = LOOKING): Viewer {
    const { gate } = this;
    const limits = asker.smart && new SmartLimits(asker.smart, gate.isSamePerson);
    const scopeOf = (of: Manner): Scope => this.#scopeOf(asker, limits, of);
    return new Viewer({ asker, gate, limits, scopeOf }, manner);
  }

  #scopeOf(asker: Asker, limits: SmartLimits | undefined, manner: Manner): Scope {
    const { accountId, displayName, roles, organisationId, homeOrganisationId, smart } = asker;
    const who = accountId ?? displayName;
    const key = JSON.stringify([who, roles, organisationId, homeOrganisationId, smart, manner]);
    const { version } = this.gate;
    const known = this.#scopes.get(key);
    if (known?.version === version) return known.scope;
    if (this.#scopes.size >= CALLERS_MAX) this.#scopes.clear();
    const whole = scopeOf(holderOf(asker), this.gate, manner);
    const everybody = () => this.gate.everybodyOf(organisationId);
    const scope = limits === undefined ? whole : withinScopes(whole, limits, everybody);
    this.#scopes.set(key, { version, scope });
    return scope;
  }
}
