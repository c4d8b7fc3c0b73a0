/** Passkeys: the browser's half (WebAuthn), between two requests of ours. */
import { CeremonyBegun } from '@ausculta/contract/me';
import { Session } from '@ausculta/contract/session';
import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser';
import { askJson, tell } from './client.ts';

/** A name is needed: browsers make none for an address of numbers, nor without TLS elsewhere. */
export const hasPasskeys = (): boolean =>
  window.isSecureContext &&
  'PublicKeyCredential' in window &&
  !/^[\d.]+$|^\[/.test(window.location.hostname);

export async function addPasskey(label: string): Promise<void> {
  const options = await begin<PublicKeyCredentialCreationOptionsJSON>('/api/me/passkeys/begin');
  const response = await startRegistration({ optionsJSON: options });
  await tell('/api/me/passkeys', { method: 'POST', body: { label, response } });
}

export async function signInWithPasskey(): Promise<Session> {
  await tell('/api/session/passkey', { method: 'POST', body: { response: await answer() } });
  return await askJson('/api/session', Session);
}

export async function proveWithPasskey(): Promise<void> {
  await tell('/api/session/proof/passkey', { method: 'POST', body: { response: await answer() } });
}

async function answer() {
  const options = await begin<PublicKeyCredentialRequestOptionsJSON>('/api/session/passkey/begin');
  return await startAuthentication({ optionsJSON: options });
}

/** The options are the library's on either side; what of them is wrong the browser refuses. */
async function begin<T>(path: string): Promise<T> {
  const { options } = await askJson(path, CeremonyBegun, { method: 'POST', body: {} });
  return options as T;
}

/** Its person has changed their mind, or there is no such passkey here: the browser tells no more. */
export const isGivenUp = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'NotAllowedError' || error.name === 'AbortError');

/** The device has a passkey of this account already. */
export const isKnownHere = (error: unknown): boolean =>
  error instanceof Error && error.name === 'InvalidStateError';
