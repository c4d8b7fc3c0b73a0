/**
 * The words of every decision: who, standing how to the data, for what purpose, doing what to what.
 * Closed lists: a word that is not here opens nothing.
 */

export const ROLES = [
  'patient',
  'proxy',
  'caregiver',
  'nurse',
  'physician',
  'primary-care',
  'paramedic',
  'pharmacist',
  'laboratory',
  'biomedical-engineer',
  'manufacturer',
  'integrator',
  'supplier',
  'administrator',
  'auditor',
  'public-health-analyst',
  'payer-analyst',
  'trainee',
  'wall-display',
  'device',
  'platform-job',
] as const;
export type Role = (typeof ROLES)[number];

/**
 * How the caller stands to what is asked for. `organisation` is never taken from the caller: it is so
 * when both belong to one. `none` is always so: a rule that asks for `none` asks for no nearer relation.
 */
export const RELATIONS = {
  self: 'the person or device itself',
  proxy: 'a proxy whom the person or the law has named',
  'care-team': 'a member of the care team',
  'on-shift': 'on shift where the person lies',
  organisation: 'the same organisation',
  programme: 'a programme that the person takes part in',
  'device-model': 'the maker of this device model',
  none: 'nobody in particular',
} as const;
export type Relation = keyof typeof RELATIONS;

/**
 * HL7 v3 ActReason, PurposeOfUse (http://terminology.hl7.org/CodeSystem/v3-ActReason). `within` is the
 * code's parent there: a consent about the parent is about its children.
 */
export const PURPOSES = {
  TREAT: { words: 'treatment' },
  ETREAT: { words: 'emergency treatment', within: 'TREAT' },
  HPAYMT: { words: 'payment' },
  HOPERAT: { words: 'operations of care' },
  PATSFTY: { words: 'patient safety', within: 'HOPERAT' },
  HCOMPL: { words: 'compliance', within: 'HOPERAT' },
  HSYSADMIN: { words: 'administration of the system', within: 'HOPERAT' },
  SYSDEV: { words: 'development of systems', within: 'HOPERAT' },
  TRAIN: { words: 'training', within: 'HOPERAT' },
  HRESCH: { words: 'research' },
  PUBHLTH: { words: 'public health' },
  PATRQT: { words: 'the person’s own request' },
  FAMRQT: { words: 'a request of the family', within: 'PATRQT' },
} as const satisfies Record<string, { readonly words: string; readonly within?: string }>;
export type Purpose = keyof typeof PURPOSES;

/** `person`: whether it is about a person, so that consent, scopes and the ledger have a say. */
export const DATA_CLASSES = {
  identity: { person: true, words: 'name, birth date, record number, contact' },
  placement: { person: true, words: 'who lies where, who wears which device' },
  vitals: { person: true, words: 'measured numbers' },
  waveforms: { person: true, words: 'waveforms' },
  'alarm-presence': { person: true, words: 'that a bed has an alarm, and how urgent it is' },
  alarms: { person: true, words: 'alarms with their finding and value' },
  events: { person: true, words: 'falls, calls, doses taken' },
  medication: { person: true, words: 'medication' },
  laboratory: { person: true, words: 'laboratory results' },
  documents: { person: true, words: 'notes, reports, pictures' },
  protocols: { person: true, words: 'limits and plans of care' },
  location: { person: true, words: 'where a person is' },
  consents: { person: true, words: 'consents' },
  disclosures: { person: true, words: 'who saw what, and to whom it went' },
  directory: { person: false, words: 'people, places and houses of care, and definitions' },
  'protocol-library': {
    person: false,
    words: 'protocols of the house, and which wards have which',
  },
  devices: { person: false, words: 'the register of devices, without who wears them' },
  fleet: { person: false, words: 'the state of devices: battery, version, faults' },
  supply: { person: false, words: 'orders, lots, shipments, custody' },
  aggregates: { person: false, words: 'figures about many' },
  status: { person: false, words: 'the state of the platform' },
  audit: { person: false, words: 'the audit log' },
  accounts: { person: false, words: 'accounts and sessions' },
  keys: { person: false, words: 'keys' },
  policy: { person: false, words: 'roles, grants and settings' },
} as const satisfies Record<string, { readonly person: boolean; readonly words: string }>;
export type DataClass = keyof typeof DATA_CLASSES;

export const ACTIONS = [
  'read',
  'search',
  'stream',
  'create',
  'change',
  'delete',
  'acknowledge',
  /** For at most 120 s, one bed, one workstation (safety S11). */
  'pause-audio',
  'command',
  'export',
  /** To another organisation, by whichever way. */
  'disclose',
  /** By a model: anything that learned from data, not a rule or a published score. */
  'score',
  'administer',
] as const;
export type Action = (typeof ACTIONS)[number];

/** What must also be so before a rule opens anything. */
export const NEEDS = {
  'alarm-owed': 'an alarm of the person waits for an answer',
  'break-glass': 'emergency access with a reason and an end',
  grant: 'a grant',
  synthetic: 'invented persons',
  'de-identified': 'data from which the person has been taken out',
} as const;
export type Need = keyof typeof NEEDS;

/** What the one who asks for a decision must do with its answer. */
export const OBLIGATIONS = {
  audit: 'Write it to the audit log.',
  'ask-for-each': 'Ask again for each person, and leave out whoever is refused.',
  ledger: 'Enter it in the ledger of disclosures that the person can read.',
  banner: 'Show a banner for as long as it lasts.',
  'notify-privacy-officer': 'Tell the privacy officer at once.',
  review: 'Have it reviewed afterwards.',
  're-authenticate': 'Ask who it is once more, just before.',
  'second-person': 'A second person must agree.',
  'clinical-release': 'Show who loses monitoring, and have a clinician release the device.',
  'check-missed-alarms':
    'Ask for a second clinician if an alarm that was acted on would be missed.',
  'legal-hold-first': 'Ask for legal holds and statutory retention first.',
  'tell-the-person': 'Tell the person.',
  'state-origin': 'Say on it who owns it, who keeps it, and for which purpose it was given.',
  'suppress-small-cells': 'Leave out figures about so few that one could be recognised.',
  'no-onward-sharing': 'It may not be passed on.',
  'onward-same-purpose': 'It may be passed on for the same purpose only.',
} as const;
export type Obligation = keyof typeof OBLIGATIONS;
