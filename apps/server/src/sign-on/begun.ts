/** Sign-ons that have begun, each bound to the browser that began it; a restart forgets them. */
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import { Waiting } from '../people/waiting.ts';
import type { Checks } from './provider-client.ts';

/** For a person to find their telephone. */
export const SIGN_ON_WAITS_MS = 10 * 60_000;

export interface Mine {
  readonly organisationId: OrganisationId;
  readonly id: AccountId;
  readonly sessionId: string;
}

/** What for: to come in; to link the account of a one-time link, or one's own; to prove that it is still they. */
export type Purpose =
  | { readonly kind: 'sign-in'; readonly next: string | undefined }
  | { readonly kind: 'follow-link'; readonly linkToken: string }
  | { readonly kind: 'link'; readonly mine: Mine }
  | { readonly kind: 'prove'; readonly mine: Mine; readonly sessionHash: Uint8Array };

export interface Begun {
  readonly provider: string;
  readonly purpose: Purpose;
  readonly checks: Checks;
  readonly beganMs: number;
  /** Of the cookie that went to the browser. */
  readonly browserKey: string;
}

export class BegunSignOns {
  readonly #waiting = new Waiting<Begun>(SIGN_ON_WAITS_MS);

  put(begun: Begun): void {
    this.#waiting.put(begun.checks.state, begun, begun.beganMs);
  }

  /**
   * Once. Whoever brings a state without its browser's cookie is led by somebody else: they would be signed in as
   * that one, or would link that one's account to theirs.
   */
  take(of: {
    readonly state: string;
    readonly provider: string;
    readonly browserKey: string | undefined;
    readonly nowMs: number;
  }): Begun | undefined {
    const { state, provider, browserKey, nowMs } = of;
    const begun = this.#waiting.get(state, nowMs);
    if (begun?.browserKey !== browserKey || begun?.provider !== provider) return undefined;
    return this.#waiting.take(state, nowMs);
  }
}
