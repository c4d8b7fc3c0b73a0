/** A viewer for each request; what is the same for all requests of one caller is worked out once. */
import type { Asker, Gate } from './gate.ts';
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

  of(asker: Asker): Viewer {
    const { gate } = this;
    const limits = asker.smart && new SmartLimits(asker.smart, gate.isSamePerson);
    return new Viewer({ asker, gate, limits, scope: () => this.#scopeOf(asker, limits) });
  }

  #scopeOf(asker: Asker, limits: SmartLimits | undefined): Scope {
    const { accountId, displayName, roles, organisationId, homeOrganisationId, smart } = asker;
    const who = accountId ?? displayName;
    const key = JSON.stringify([who, roles, organisationId, homeOrganisationId, smart]);
    const { version } = this.gate;
    const known = this.#scopes.get(key);
    if (known?.version === version) return known.scope;
    if (this.#scopes.size >= CALLERS_MAX) this.#scopes.clear();
    const whole = scopeOf({ ...asker, smart: undefined }, this.gate);
    const everybody = () => this.gate.everybodyOf(organisationId);
    const scope = limits === undefined ? whole : withinScopes(whole, limits, everybody);
    this.#scopes.set(key, { version, scope });
    return scope;
  }
}
