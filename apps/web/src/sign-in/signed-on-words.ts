/** What came of signing on elsewhere, in words. */
import type { SignOnSaid } from '@ausculta/contract/sign-on';

export function signedOnWords(said: SignOnSaid): string {
  switch (said) {
    case 'done':
      return 'Done.';
    case 'refused':
      return 'This was refused. Try again, or use your password or a passkey.';
    case 'not-linked':
      return 'Your account there is linked to none here. Ask your administrator for a link, or sign in and link it on the page My account.';
    case 'linked-already':
      return 'One of the two accounts is linked to another one already. Nothing has changed.';
    case 'not-asked-anew':
      return 'You were not asked there who you are, or it does not tell when it asked. Use your password or a passkey.';
    case 'not-reached':
      return 'Your provider cannot be reached now. Use your password or a passkey.';
    case 'spent':
      return 'This took too long, or was begun in another browser. Begin again.';
    default:
      return said satisfies never;
  }
}
