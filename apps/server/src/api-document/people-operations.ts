import {
  BreakGlass,
  BrokenGlass,
  BrokenGlassList,
  Directory,
  FoundPatients,
  Grant,
  GrantList,
  MyAccess,
  MyEmergencies,
  NewGrant,
  NewRelation,
  NewShift,
  PatientWanted,
  RelationList,
  Shift,
} from '@ausculta/contract/access';
import {
  AccountList,
  AccountView,
  LinkLook,
  LinkOwner,
  LinkUse,
  NewAccount,
  NewLink,
  NewRoles,
  SignInLink,
} from '@ausculta/contract/accounts';
import { AuditHeads, AuditPage } from '@ausculta/contract/audit';
import { BreachScope } from '@ausculta/contract/breach-scope';
import {
  CeremonyBegun,
  CodeShown,
  MyAccount,
  NewPasskey,
  NewSecondFactor,
  PasskeyList,
  PasskeyShown,
  PasswordChange,
  RecoveryCodes,
  SessionList,
} from '@ausculta/contract/me';
import { Oversight, OversightReview, OversightWaiting } from '@ausculta/contract/oversight';
import { ProofOfSession, Session, SignIn, SignInInfo } from '@ausculta/contract/session';
import { MySignOn, ProofBySignOn, SignOnBegun, SignOnWanted } from '@ausculta/contract/sign-on';
import { z } from 'zod';
import { BreachQuery } from '../audit/breach-routes.ts';
import { AuditQuery, AuditTableQuery } from '../audit/explorer.ts';
import { APP_OPERATIONS } from './app-operations.ts';
import { NOTHING, type Operations } from './operation.ts';

const SIGN_IN: Operations = {
  'GET /api/sign-in': {
    tag: 'sign-in',
    summary: 'What a newcomer needs; a login in a demo alone',
    answer: SignInInfo,
  },
  'POST /api/session': {
    tag: 'sign-in',
    summary: 'Sign in; the answer sets the session cookie',
    body: SignIn,
  },
  'GET /api/session': { tag: 'sign-in', summary: 'Who is signed in', answer: Session },
  'DELETE /api/session': { tag: 'sign-in', summary: 'Sign out' },
  'POST /api/session/lock': {
    tag: 'sign-in',
    summary: 'Lock the session: readings and alarms go on',
  },
  'POST /api/session/proof': {
    tag: 'sign-in',
    summary: 'Prove once more who is signed in; unlocks',
    body: ProofOfSession,
  },
  'POST /api/session/proof/passkey': {
    tag: 'sign-in',
    summary: 'The same by a passkey',
    body: PasskeyShown,
  },
  'POST /api/session/passkey/begin': {
    tag: 'sign-in',
    summary: 'Begin to sign in by a passkey',
    answer: CeremonyBegun,
  },
  'POST /api/session/passkey': {
    tag: 'sign-in',
    summary: 'Sign in by a passkey; sets the session cookie',
    body: PasskeyShown,
  },
  'POST /api/sign-on/:provider/begin': {
    tag: 'sign-in',
    summary: 'Begin to sign on by another provider, or to use a one-time link by it',
    body: SignOnWanted,
    answer: SignOnBegun,
  },
  'GET /api/sign-on/:provider/back': {
    tag: 'sign-in',
    summary: 'Where the provider sends the browser back; sets the session cookie',
  },
  'GET /api/session/proof/sign-on': {
    tag: 'sign-in',
    summary: 'Providers by which whoever is signed in may prove it once more',
    answer: ProofBySignOn,
  },
  'POST /api/session/proof/sign-on/:provider': {
    tag: 'sign-in',
    summary: 'Begin to prove once more who is signed in, by another provider',
    answer: SignOnBegun,
  },
  'POST /api/sign-in-link/look': {
    tag: 'sign-in',
    summary: 'Whose one-time link it is; uses nothing up',
    body: LinkLook,
    answer: LinkOwner,
  },
  'POST /api/sign-in-link': {
    tag: 'sign-in',
    summary: 'Use a one-time link: sets the password and signs in',
    body: LinkUse,
  },
};

const OWN_ACCOUNT: Operations = {
  'GET /api/me': { tag: 'account', summary: 'One’s own account', answer: MyAccount },
  'POST /api/me/password': {
    tag: 'account',
    summary: 'Change the password; ends every other session',
    body: PasswordChange,
  },
  'POST /api/me/second-factor/begin': {
    tag: 'account',
    summary: 'A secret for an app; shown once',
    answer: NewSecondFactor,
  },
  'POST /api/me/second-factor': {
    tag: 'account',
    summary: 'Set up the second factor by a code of the app',
    body: CodeShown,
    answer: RecoveryCodes,
  },
  'DELETE /api/me/second-factor': { tag: 'account', summary: 'Remove the second factor' },
  'POST /api/me/recovery-codes': {
    tag: 'account',
    summary: 'New recovery codes; the old ones end',
    answer: RecoveryCodes,
  },
  'GET /api/me/passkeys': { tag: 'account', summary: 'One’s own passkeys', answer: PasskeyList },
  'POST /api/me/passkeys/begin': {
    tag: 'account',
    summary: 'Begin to add a passkey',
    answer: CeremonyBegun,
  },
  'POST /api/me/passkeys': { tag: 'account', summary: 'Add a passkey', body: NewPasskey },
  'DELETE /api/me/passkeys/:id': { tag: 'account', summary: 'Remove a passkey' },
  'GET /api/me/sign-on': {
    tag: 'account',
    summary: 'Providers by which one may sign on, and which are linked',
    answer: MySignOn,
  },
  'POST /api/me/sign-on/:provider/begin': {
    tag: 'account',
    summary: 'Begin to link one’s account with one of a provider',
    answer: SignOnBegun,
  },
  'DELETE /api/me/sign-on/:provider': { tag: 'account', summary: 'Remove that link' },
  'GET /api/me/sessions': { tag: 'account', summary: 'One’s own sessions', answer: SessionList },
  'DELETE /api/me/sessions': { tag: 'account', summary: 'End all of one’s sessions but this' },
  'DELETE /api/me/sessions/:id': { tag: 'account', summary: 'End one of them' },
};

const ACCOUNTS: Operations = {
  'GET /api/accounts': {
    tag: 'people',
    summary: 'The accounts of the organisation',
    answer: AccountList,
  },
  'POST /api/accounts': {
    tag: 'people',
    summary: 'Make an account; the answer has its one-time link',
    body: NewAccount,
    answer: SignInLink,
    status: 201,
  },
  'POST /api/accounts/:id/roles': {
    tag: 'people',
    summary: 'Set the roles; the person signs in anew',
    body: NewRoles,
    answer: AccountView,
  },
  'POST /api/accounts/:id/link': {
    tag: 'people',
    summary: 'A new one-time link',
    body: NewLink,
    isBodyOptional: true,
    answer: SignInLink,
  },
  'POST /api/accounts/:id/disable': {
    tag: 'people',
    summary: 'Take out of use, at once',
    answer: AccountView,
  },
  'POST /api/accounts/:id/enable': {
    tag: 'people',
    summary: 'Take into use again',
    answer: AccountView,
  },
};

const OVERSIGHT: Operations = {
  'GET /api/oversight': {
    tag: 'people',
    summary: 'Unusual access, and guarded records',
    answer: Oversight,
  },
  'GET /api/oversight/waiting': {
    tag: 'people',
    summary: 'How much nobody has reviewed yet',
    answer: OversightWaiting,
  },
  'POST /api/oversight/:id/review': {
    tag: 'people',
    summary: 'Say what was made of an unusual access',
    body: OversightReview,
  },
  'PUT /api/subjects/:id/guard': {
    tag: 'people',
    summary: 'Have each look at this record by somebody else told',
  },
  'DELETE /api/subjects/:id/guard': { tag: 'people', summary: 'End that' },
};

const ACCESS: Operations = {
  'GET /api/accounts/:account/shifts': {
    tag: 'people',
    summary: 'Where an account is on shift',
    answer: z.object({ shifts: z.array(Shift) }),
  },
  'POST /api/shifts': {
    tag: 'people',
    summary: 'Begin a shift',
    body: NewShift,
    answer: Shift,
    status: 201,
  },
  'POST /api/accounts/:account/shifts/:shift/end': {
    tag: 'people',
    summary: 'End a shift',
    answer: Shift,
  },
  'GET /api/subjects/:id/team': {
    tag: 'people',
    summary: 'Who treats a patient, is them or speaks for them',
    answer: RelationList,
  },
  'POST /api/subjects/:id/team': {
    tag: 'people',
    summary: 'How an account stands to this person from now on',
    body: NewRelation,
    answer: NOTHING,
    status: 201,
  },
  'DELETE /api/subjects/:id/team/:account/:kind': { tag: 'people', summary: 'End that' },
  'GET /api/directory': {
    tag: 'people',
    summary: 'Whom one puts on a care team, and other houses',
    answer: Directory,
  },
  'POST /api/find-patients': {
    tag: 'people',
    summary: 'Find somebody to admit them, or in an emergency',
    body: PatientWanted,
    answer: FoundPatients,
  },
  'GET /api/me/access/:subject': {
    tag: 'people',
    summary: 'What the caller may do of one person',
    answer: MyAccess,
  },
  'GET /api/me/emergencies': {
    tag: 'people',
    summary: 'Records that the caller has open by emergency access',
    answer: MyEmergencies,
  },
  'GET /api/grants': {
    tag: 'people',
    summary: 'What is opened to other organisations',
    answer: GrantList,
  },
  'POST /api/grants': {
    tag: 'people',
    summary: 'Open something to another organisation',
    body: NewGrant,
    answer: Grant,
    status: 201,
  },
  'POST /api/grants/:id/withdrawal': { tag: 'people', summary: 'Withdraw a grant' },
  'POST /api/subjects/:id/break-glass': {
    tag: 'people',
    summary: 'Emergency access, with a reason, for a while',
    body: BreakGlass,
    answer: BrokenGlass,
    status: 201,
  },
  'GET /api/audit': {
    tag: 'people',
    summary: 'Acts and looks of the organisation, the newest first',
    query: AuditQuery,
    answer: AuditPage,
  },
  'GET /api/audit/table': {
    tag: 'people',
    summary: 'The same as a table, of up to 20,000 lines',
    query: AuditTableQuery,
    answer: { media: ['text/csv'], about: 'One line for each entry, the newest first.' },
  },
  'GET /api/audit/heads': {
    tag: 'people',
    summary: 'Whether the audit is in order, signed, and as it was signed',
    answer: AuditHeads,
  },
  'GET /api/breach-scope': {
    tag: 'people',
    summary: 'Who saw whom between two moments, and until when the law has it told',
    query: BreachQuery,
    answer: BreachScope,
  },
  'GET /api/breach-scope/table': {
    tag: 'people',
    summary: 'The same as a table',
    query: BreachQuery,
    answer: { media: ['text/csv'], about: 'One line for each person, by their id.' },
  },
  'GET /api/broken-glass': {
    tag: 'people',
    summary: 'Emergency accesses, to be reviewed',
    answer: BrokenGlassList,
  },
  'POST /api/subjects/:id/break-glass/:glass/review': {
    tag: 'people',
    summary: 'Say that one was reviewed',
  },
  ...OVERSIGHT,
};

export const PEOPLE_OPERATIONS: Operations = {
  ...SIGN_IN,
  ...OWN_ACCOUNT,
  ...APP_OPERATIONS,
  ...ACCOUNTS,
  ...ACCESS,
};
