/**
 * Live sockets by what their caller has shown. A socket is opened once and may live for days; when the
 * session behind it is ended, has run out or was revoked, it is closed, and its screen says so.
 */
import type { Outside } from '../outside.ts';
import { type Credential, credentialKey, type SignIn } from '../people/sign-in.ts';

/** One person's screens at several stations, and no more than a program would open by mistake. */
const SOCKETS_PER_CREDENTIAL_MAX = 64;

/** A session that runs out, or is revoked behind our back, ends its live sockets within this time. */
const SESSION_LOOK_MS = 10_000;

interface Held {
  readonly credential: Credential;
  readonly closes: Set<() => void>;
}

export class SignedInSockets {
  readonly #held = new Map<string, Held>();

  /** Returns what forgets the socket again; undefined when the credential has as many as it may. */
  hold(credential: Credential, close: () => void): (() => void) | undefined {
    const key = credentialKey(credential);
    const held = this.#held.get(key) ?? { credential, closes: new Set() };
    if (held.closes.size >= SOCKETS_PER_CREDENTIAL_MAX) return undefined;
    this.#held.set(key, held);
    held.closes.add(close);
    return () => {
      held.closes.delete(close);
      if (held.closes.size === 0 && this.#held.get(key) === held) this.#held.delete(key);
    };
  }

  credentials(): Credential[] {
    return [...this.#held.values()].map(({ credential }) => credential);
  }

  closeAll(credential: Credential): void {
    const held = this.#held.get(credentialKey(credential));
    if (held === undefined) return;
    this.#held.delete(credentialKey(credential));
    for (const close of held.closes) close();
  }
}

/** While the database does not answer nobody is signed out: a ward must not lose its screens with it. */
export function watchSessions(ports: {
  readonly sockets: SignedInSockets;
  readonly signIn: SignIn;
  readonly outside: Pick<Outside, 'every' | 'onProblem'>;
}): () => void {
  const { sockets, signIn, outside } = ports;
  let isLooking = false;
  return outside.every(SESSION_LOOK_MS, () => {
    if (isLooking) return;
    isLooking = true;
    signIn
      .lookAgain(sockets.credentials())
      .catch((error: unknown) => outside.onProblem('look at the sessions', error))
      .finally(() => {
        isLooking = false;
      });
  });
}
