import { createLazyRoute, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';
import { tellSignedOn } from '../api/sign-on.ts';
import { Icon } from '../theme/icon.tsx';
import classes from './sign-in-page.module.css';
import { signedOnWords } from './signed-on-words.ts';

export const Route = createLazyRoute('/signed-on')({ component: SignedOnPage });

/** Where the window ends in which somebody has signed on elsewhere: the page beside it goes on. */
function SignedOnPage() {
  const { said = 'refused' } = useSearch({ from: '/signed-on' });
  useEffect(() => {
    tellSignedOn(said);
    if (said === 'done') window.close();
  }, [said]);
  return (
    <main className={classes.page}>
      <div className={`card ${classes.form}`}>
        <div className={classes.brand}>
          <Icon name="stethoscope" size={28} />
          <h1>Ausculta</h1>
        </div>
        <p role="status">
          <b>{signedOnWords(said)}</b> Close this window and go on in the one beside it.
        </p>
      </div>
    </main>
  );
}
