import { createLazyRoute } from '@tanstack/react-router';
import classes from '../access/access-page.module.css';
import { CalledSection } from './called-section.tsx';
import page from './on-call-page.module.css';
import { ReachedSection } from './reached-section.tsx';
import { RosterSection } from './roster-section.tsx';

export const Route = createLazyRoute('/workspace/on-call')({ component: OnCallPage });

/** Who is called for an alarm beyond the screens, who is on, and how somebody is reached. */
function OnCallPage() {
  return (
    <main className={page.page} aria-label="On call">
      <div className={classes.body}>
        <div className={classes.column}>
          <RosterSection />
          <ReachedSection />
        </div>
        <div className={classes.column}>
          <CalledSection />
        </div>
      </div>
    </main>
  );
}
