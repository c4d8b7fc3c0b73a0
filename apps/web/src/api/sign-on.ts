/** Signing on by a provider elsewhere: off to its page, and what of it one's own account has. */
import {
  MySignOn,
  ProofBySignOn,
  SignOnBegun,
  type SignOnSaid,
  type SignOnWanted,
  signOnSaid,
} from '@ausculta/contract/sign-on';
import { queryOptions } from '@tanstack/react-query';
import { askJson, tell } from './client.ts';

export const mySignOnQuery = queryOptions({
  queryKey: ['me', 'sign-on'],
  queryFn: async ({ signal }) => (await askJson('/api/me/sign-on', MySignOn, { signal })).providers,
});

/** Of whoever is signed in, though the screen is locked. */
export const proofBySignOnQuery = queryOptions({
  queryKey: ['me', 'sign-on', 'proof'],
  queryFn: async ({ signal }) =>
    (await askJson('/api/session/proof/sign-on', ProofBySignOn, { signal })).providers,
});

const begun = async (path: string, body: object): Promise<string> =>
  (await askJson(path, SignOnBegun, { method: 'POST', body })).goTo;

const named = (provider: string): string => encodeURIComponent(provider);

/** This page is left for the provider's. */
export async function signOnBy(provider: string, wanted: SignOnWanted): Promise<void> {
  window.location.assign(await begun(`/api/sign-on/${named(provider)}/begin`, wanted));
}

/** The page at which the window ends tells the others that it has. */
const CHANNEL = 'ausculta.signed-on';

export function tellSignedOn(said: SignOnSaid): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(said);
  channel.close();
}

/** In a window beside: this page stays, and goes on with its alarms. */
async function inWindow(path: string): Promise<SignOnSaid> {
  // At once: a browser opens none for what happens later than the click.
  const beside = window.open('', '_blank', 'popup,width=520,height=720');
  if (beside === null) return 'not-reached';
  const channel = new BroadcastChannel(CHANNEL);
  try {
    const heard = new Promise<SignOnSaid>((resolve) => {
      channel.onmessage = ({ data }) => resolve(signOnSaid(data) ?? 'refused');
    });
    beside.location.href = await begun(path, {});
    return await heard;
  } catch (error) {
    beside.close();
    throw error;
  } finally {
    channel.close();
  }
}

export const proveBySignOn = (provider: string): Promise<SignOnSaid> =>
  inWindow(`/api/session/proof/sign-on/${named(provider)}`);

export const linkBySignOn = (provider: string): Promise<SignOnSaid> =>
  inWindow(`/api/me/sign-on/${named(provider)}/begin`);

export function unlinkSignOn(provider: string): Promise<void> {
  return tell(`/api/me/sign-on/${named(provider)}`, { method: 'DELETE' });
}
