import { type SignOnSaid, signOnSaid } from '@ausculta/contract/sign-on';
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import type { AuditFilters } from './api/audit-queries.ts';
import { openCall } from './api/calling-queries.ts';
import { queryClient, sessionQuery } from './api/queries.ts';
import { FailedPage, MissingPage } from './frame/odd-pages.tsx';
import { ThemedRoot } from './theme/themed-root.tsx';

const root = createRootRoute({
  component: ThemedRoot,
  errorComponent: FailedPage,
  notFoundComponent: MissingPage,
});

interface SignInSearch {
  /** Where to go then. */
  readonly next?: string;
  /** Somebody was signed in here until a moment ago. */
  readonly ended?: true;
  /** What came of signing on elsewhere. */
  readonly said?: SignOnSaid;
}

const saidIn = ({ said }: Record<string, unknown>): { readonly said?: SignOnSaid } => {
  const known = signOnSaid(said);
  return known === undefined ? {} : { said: known };
};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(isOwnPath(search.next) && { next: search.next }),
    ...(search.ended === true && { ended: true }),
    ...saidIn(search),
  }),
}).lazy(() => import('./sign-in/sign-in-page.tsx').then((page) => page.Route));

const welcome = createRoute({ getParentRoute: () => root, path: '/welcome' }).lazy(() =>
  import('./sign-in/welcome-page.tsx').then((page) => page.Route),
);

const signedOn = createRoute({
  getParentRoute: () => root,
  path: '/signed-on',
  validateSearch: saidIn,
}).lazy(() => import('./sign-in/signed-on-page.tsx').then((page) => page.Route));

/** Every page but sign-in: no session, no page. */
const workspace = createRoute({
  getParentRoute: () => root,
  id: 'workspace',
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: '/sign-in', search: { next: location.pathname } });
    return { session };
  },
}).lazy(() => import('./frame/workspace-frame.tsx').then((page) => page.Route));

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/watch' });
  },
});

const watch = createRoute({ getParentRoute: () => workspace, path: '/watch' }).lazy(() =>
  import('./watch/watch-page.tsx').then((page) => page.Route),
);

const patients = createRoute({ getParentRoute: () => workspace, path: '/patients' }).lazy(() =>
  import('./patients/patients-page.tsx').then((page) => page.Route),
);

const alarms = createRoute({ getParentRoute: () => workspace, path: '/alarms' }).lazy(() =>
  import('./alarms/alarms-page.tsx').then((page) => page.Route),
);

const patient = createRoute({ getParentRoute: () => workspace, path: '/patients/$id' }).lazy(() =>
  import('./patient/patient-page.tsx').then((page) => page.Route),
);

const team = createRoute({ getParentRoute: () => workspace, path: '/patients/$id/team' }).lazy(() =>
  import('./access/care-team-page.tsx').then((page) => page.Route),
);

const accessLog = createRoute({
  getParentRoute: () => workspace,
  path: '/patients/$id/access-log',
}).lazy(() => import('./audit/access-log-page.tsx').then((page) => page.Route));

const consents = createRoute({
  getParentRoute: () => workspace,
  path: '/patients/$id/consents',
}).lazy(() => import('./consents/consents-page.tsx').then((page) => page.Route));

const devices = createRoute({ getParentRoute: () => workspace, path: '/devices' }).lazy(() =>
  import('./devices/devices-page.tsx').then((page) => page.Route),
);

const device = createRoute({ getParentRoute: () => workspace, path: '/devices/$id' }).lazy(() =>
  import('./devices/device-page.tsx').then((page) => page.Route),
);

const audit = createRoute({ getParentRoute: () => workspace, path: '/audit' }).lazy(() =>
  import('./audit/audit-page.tsx').then((page) => page.Route),
);

const AUDIT_FILTERS = ['kind', 'who', 'subject', 'from', 'to'] as const;

const auditEntries = createRoute({
  getParentRoute: () => workspace,
  path: '/audit/entries',
  validateSearch: (search: Record<string, unknown>): AuditFilters =>
    Object.fromEntries(
      AUDIT_FILTERS.flatMap((name) => {
        const value = search[name];
        return typeof value === 'string' ? [[name, value]] : [];
      }),
    ),
}).lazy(() => import('./audit/audit-entries-page.tsx').then((page) => page.Route));

const account = createRoute({ getParentRoute: () => workspace, path: '/account' }).lazy(() =>
  import('./account/account-page.tsx').then((page) => page.Route),
);

const accounts = createRoute({ getParentRoute: () => workspace, path: '/accounts' }).lazy(() =>
  import('./accounts/accounts-page.tsx').then((page) => page.Route),
);

const authorise = createRoute({ getParentRoute: () => workspace, path: '/authorise/$uid' }).lazy(
  () => import('./apps/authorise-page.tsx').then((page) => page.Route),
);

const deviceCode = createRoute({ getParentRoute: () => workspace, path: '/device-code' }).lazy(() =>
  import('./apps/device-code-page.tsx').then((page) => page.Route),
);

const onCall = createRoute({ getParentRoute: () => workspace, path: '/on-call' }).lazy(() =>
  import('./calling/on-call-page.tsx').then((page) => page.Route),
);

/** What a mail or a gateway links to; the alarm is at its patient. */
const call = createRoute({
  getParentRoute: () => workspace,
  path: '/calls/$id',
  beforeLoad: async ({ params }) => {
    const { subjectId } = await openCall(params.id);
    throw redirect({ to: '/patients/$id', params: { id: subjectId } });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    signIn,
    welcome,
    signedOn,
    workspace.addChildren([
      ...[
        watch,
        patients,
        alarms,
        patient,
        team,
        consents,
        accessLog,
        devices,
        device,
        account,
        accounts,
        audit,
        auditEntries,
      ],
      ...[authorise, deviceCode, onCall, call],
    ]),
  ]),
  defaultPreload: 'intent',
});

/** Only our own pages may be the next one. */
function isOwnPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/[a-z]/.test(value);
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
