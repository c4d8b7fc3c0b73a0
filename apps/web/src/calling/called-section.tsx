import type { CallingView } from '@ausculta/contract/calling';
import { CallPolicy, type Route } from '@ausculta/rules/calling/policy';
import { useQuery } from '@tanstack/react-query';
import classes from '../access/access-page.module.css';
import { callingQuery } from '../api/calling-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { Icon } from '../theme/icon.tsx';
import { channelWords, hoursWords, routeWords, tierWords } from './calling-words.ts';
import page from './on-call-page.module.css';

/** Whether anybody is called, and who: an alarm must never seem to be escalated when it is not. */
export function CalledSection() {
  const { data, error, refetch } = useQuery(callingQuery);
  return (
    <section className={`card ${classes.part}`} aria-label="Who is called">
      <h2>Who is called</h2>
      {data === undefined && error !== null && (
        <ErrorState
          title="Who is called cannot be loaded"
          error={error}
          retry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && <div className={`skeleton ${classes.bone}`} />}
      {data !== undefined && <Called view={data} />}
    </section>
  );
}

function Called({ view }: { readonly view: CallingView }) {
  const policy = CallPolicy.safeParse(view.policy);
  return (
    <>
      {view.state === 'nobody' && (
        <p className={classes.told} role="status" data-testid="nobody-called">
          <span>
            <Icon name="triangle-alert" size={16} /> <b>{view.words}</b> An administrator writes
            one.
          </span>
        </p>
      )}
      {view.unreached > 0 && (
        <p className={classes.told} role="alert">
          <b>{countWords(view.unreached, 'alarm')} reach nobody.</b>
        </p>
      )}
      {view.untaken > 0 && (
        <p className={classes.told} role="status">
          {countWords(view.untaken, 'call')} of owed alarms could not be delivered yet: they are
          tried again, and the next tier is called.
        </p>
      )}
      {policy.success &&
        policy.data.routes.map((route, _, all) => (
          <Ladder key={route.name} route={route} isOnly={all.length === 1} />
        ))}
      {view.doubts.length > 0 && <h3>To be looked at</h3>}
      {view.doubts.length > 0 && (
        <ul>
          {view.doubts.map((doubt) => (
            <li key={doubt}>{doubt}</li>
          ))}
        </ul>
      )}
      <h3>What proves that somebody has heard</h3>
      <ul>
        <li>An acknowledgement at a screen.</li>
        {view.channels.map(({ channel, proof, whyNot }) => (
          <li key={channel}>
            {channelWords(channel)}: {whyNot ?? PROOF_WORDS[proof]}
          </li>
        ))}
      </ul>
    </>
  );
}

const PROOF_WORDS = {
  'key-press': 'a key that is pressed there. The alarm is owed until it is acknowledged.',
  'information-only': 'no, for information only.',
} as const;

const countWords = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

interface LadderProps {
  readonly route: Route;
  readonly isOnly: boolean;
}

function Ladder({ route, isOnly }: LadderProps) {
  const last = route.tiers.length - 1;
  return (
    <>
      <h3>{routeWords(route, { isOnly })}</h3>
      <p>For a high alarm, one after the other:</p>
      <ol className={page.steps}>
        {route.tiers.map((tier, at) => (
          <li key={tier.name}>
            <b>{tier.name}</b>: {tierWords(tier, { isFirst: at === 0, isLast: at === last })}
          </li>
        ))}
      </ol>
      {hoursWords(route).map((words) => (
        <p key={words}>{words}</p>
      ))}
    </>
  );
}
