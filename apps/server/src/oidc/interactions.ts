/**
 * When a person is asked: each time. The provider keeps no sign-in of its own; whoever is signed in here decides
 * on our page, and what they decided is good for this one request.
 */
import { type Configuration, interactionPolicy } from 'oidc-provider';

const { Check, Prompt } = interactionPolicy;

/** Below which the page asks about one request: its cookie goes there and nowhere else. */
export const ASKING_BASE = '/oidc/asking';

const isDecided = new Check(
  'person_decides',
  'the person is asked',
  'login_required',
  ({ oidc: { result } }) => result?.login === undefined || result.consent === undefined,
);

export const APP_INTERACTIONS: NonNullable<Configuration['interactions']> = {
  url: (_context, { uid }) => `${ASKING_BASE}/${uid}`,
  policy: [
    new Prompt({ name: 'login', requestable: true }, isDecided),
    new Prompt({ name: 'consent', requestable: true }),
    new Prompt({ name: 'select_account', requestable: true }),
  ],
};
