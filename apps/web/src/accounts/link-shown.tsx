import type { SignInLink } from '@ausculta/contract/accounts';
import { Button } from '@mantine/core';
import { momentWords } from '../patient/time-words.ts';
import classes from './accounts-page.module.css';

/** Whoever has it comes in: it is given to its person, and shown this once. */
export function LinkShown({ link }: { readonly link: SignInLink }) {
  const url = `${window.location.origin}${link.path}`;
  return (
    <div className={classes.shown} role="status">
      <p>
        <b>A link for {link.account.displayName}, shown only now.</b> It works once, until{' '}
        {momentWords(Date.parse(link.expiresAt))}. Give it to nobody else.
      </p>
      <p className={classes.link} data-testid="sign-in-link">
        {url}
      </p>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void navigator.clipboard?.writeText(url)}
      >
        Copy
      </Button>
    </div>
  );
}
