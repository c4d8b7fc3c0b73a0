/**
 * Who may do what, whole: a row opens what it names, and what no row opens is refused. Rows only add,
 * so their order means nothing. Within one organisation; beyond it a grant is needed as well.
 *
 * `consent` says what a person's consent does to the row: it is `not-asked` (nothing about a person),
 * it `may-close` the row, it `must-permit` what the row opens, or it `cannot-close` it: then `source`
 * says which safety rule or law stands above it.
 */
import type { Action, DataClass, Need, Obligation, Purpose, Relation, Role } from './vocabulary.ts';

export interface Rule {
  readonly id: string;
  readonly who: readonly Role[];
  readonly as: readonly Relation[];
  readonly may: readonly Action[];
  readonly data: readonly DataClass[];
  readonly purposes: readonly Purpose[];
  readonly needs?: readonly Need[];
  readonly consent: 'not-asked' | 'may-close' | 'must-permit' | 'cannot-close';
  readonly source?: string;
  readonly duties?: readonly Obligation[];
  readonly why: string;
}

const LOOK = ['read', 'search', 'stream'] as const;
const MEASURED = ['vitals', 'waveforms', 'events', 'laboratory'] as const;
/** A person's record, as those who treat need it. */
const RECORD = [
  'identity',
  'placement',
  'vitals',
  'waveforms',
  'alarm-presence',
  'alarms',
  'events',
  'medication',
  'laboratory',
  'documents',
  'protocols',
] as const;
const WHOLE_RECORD = [...RECORD, 'location', 'consents', 'disclosures'] as const;
/** Those who stand beside a person and answer. */
const BEDSIDE = ['nurse', 'physician', 'paramedic', 'caregiver'] as const;
const TREATING = ['nurse', 'physician', 'primary-care', 'paramedic'] as const;
const PEOPLE = [
  ...BEDSIDE,
  'primary-care',
  'patient',
  'proxy',
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
] as const;

const OWN_ACCESS = 'GDPR Art. 15 and 20; HIPAA 45 CFR 164.524';
const EMERGENCY = 'HIPAA 45 CFR 164.312(a)(2)(ii); GDPR Art. 9(2)(c)';

// biome-ignore format: a table is read by its columns
export const RULES = [
  // ── The ward: what must hold whatever anybody has decided ──────────────────────────────────────
  { id: 'ward-answers-alarms', who: BEDSIDE, as: ['on-shift'], may: ['read', 'stream', 'acknowledge', 'pause-audio'],
    data: ['alarm-presence', 'alarms'], purposes: ['TREAT'], consent: 'cannot-close', source: 'safety S10, S11, S13',
    why: 'Whoever is on shift there hears every alarm of the ward and may answer it.' },
  { id: 'ward-sees-the-strip', who: BEDSIDE, as: ['on-shift'], may: ['read', 'stream'],
    data: ['identity', 'placement', 'vitals', 'waveforms'], purposes: ['TREAT'], needs: ['alarm-owed'],
    consent: 'cannot-close', source: 'safety S13',
    why: 'An alarm is acknowledged with both identifiers and the strip in view.' },
  { id: 'wall-shows-alarms', who: ['wall-display'], as: ['on-shift'], may: ['read', 'stream'],
    data: ['alarm-presence'], purposes: ['TREAT'], consent: 'cannot-close', source: 'safety S10, S12',
    why: 'No ward may miss that an alarm exists.' },
  { id: 'wall-shows-findings', who: ['wall-display'], as: ['on-shift'], may: ['read', 'stream'],
    data: ['alarms'], purposes: ['TREAT'], consent: 'may-close',
    why: 'A wall display shows alarms and nothing else; a person may ask that only the bed is shown.' },
  { id: 'all-see-status', who: [...PEOPLE, 'wall-display', 'platform-job'], as: ['organisation'], may: ['read', 'stream'],
    data: ['status'], purposes: ['TREAT', 'HOPERAT', 'HSYSADMIN', 'PATRQT', 'FAMRQT'], consent: 'not-asked',
    why: '"Monitoring degraded" is said everywhere (safety S3).' },

  { id: 'all-see-directory', who: PEOPLE, as: ['organisation'], may: ['read', 'search'], data: ['directory'],
    purposes: ['TREAT', 'HOPERAT', 'HSYSADMIN', 'PATRQT', 'FAMRQT'], consent: 'not-asked',
    why: 'Whoever is cared for or works here may know who and what is here.' },

  // ── Persons and their own ──────────────────────────────────────────────────────────────────────
  { id: 'patient-reads-own', who: ['patient'], as: ['self'], may: [...LOOK, 'export'], data: WHOLE_RECORD,
    purposes: ['PATRQT'], consent: 'cannot-close', source: OWN_ACCESS, duties: ['state-origin'],
    why: 'A person may see and take along everything about themselves.' },
  { id: 'patient-adds-own', who: ['patient'], as: ['self'], may: ['create'], data: ['vitals', 'waveforms', 'events', 'documents'],
    purposes: ['PATRQT'], consent: 'cannot-close', source: OWN_ACCESS, why: 'A person may add what they have measured.' },
  { id: 'patient-answers-own-alarm', who: ['patient'], as: ['self'], may: ['acknowledge'], data: ['alarms'],
    purposes: ['PATRQT'], consent: 'cannot-close', source: 'safety S9', why: 'At home the person answers first.' },
  { id: 'patient-decides', who: ['patient'], as: ['self'], may: ['create', 'change', 'delete'], data: ['consents'],
    purposes: ['PATRQT'], consent: 'cannot-close', source: 'GDPR Art. 7(3)', why: 'A person gives and withdraws consent.' },
  { id: 'proxy-reads', who: ['proxy'], as: ['proxy'], may: [...LOOK, 'export'], data: WHOLE_RECORD,
    purposes: ['PATRQT', 'FAMRQT'], consent: 'may-close', duties: ['state-origin', 'ledger'], why: 'A proxy sees what the person has not kept back.' },
  { id: 'proxy-adds', who: ['proxy'], as: ['proxy'], may: ['create'], data: ['vitals', 'events', 'documents'],
    purposes: ['PATRQT', 'FAMRQT'], consent: 'may-close', why: 'A proxy may measure for the person.' },
  { id: 'proxy-answers-alarm', who: ['proxy'], as: ['proxy'], may: ['acknowledge'], data: ['alarms'],
    purposes: ['PATRQT', 'FAMRQT'], consent: 'may-close', why: 'A proxy may answer an alarm at home (safety S9).' },
  { id: 'proxy-decides', who: ['proxy'], as: ['proxy'], may: ['create', 'change', 'delete'], data: ['consents'],
    purposes: ['PATRQT', 'FAMRQT'], consent: 'may-close', duties: ['tell-the-person'], why: 'A proxy may consent for the person, who is told.' },
  { id: 'caregiver-helps', who: ['caregiver'], as: ['care-team', 'programme'], may: ['read', 'stream', 'acknowledge'],
    data: ['identity', 'vitals', 'alarm-presence', 'alarms', 'events', 'protocols', 'location'],
    purposes: ['TREAT'], consent: 'must-permit', duties: ['ledger'], why: 'Family and neighbours see what the person has opened to them: by metric and by hour.' },
  { id: 'own-account', who: PEOPLE, as: ['self'], may: ['read', 'change'], data: ['accounts'],
    purposes: ['TREAT', 'HOPERAT', 'HSYSADMIN', 'PATRQT', 'FAMRQT'], consent: 'not-asked', why: 'Everybody sees their own sessions and passkeys, and ends them.' },

  // ── Treatment ──────────────────────────────────────────────────────────────────────────────────
  { id: 'team-reads', who: TREATING, as: ['care-team', 'on-shift'], may: LOOK, data: [...RECORD, 'location', 'consents'],
    purposes: ['TREAT'], consent: 'may-close', why: 'Who treats sees the record of whom they treat.' },
  { id: 'programme-reads', who: ['primary-care', 'nurse'], as: ['programme'], may: LOOK, data: RECORD,
    purposes: ['TREAT'], consent: 'may-close', why: 'A programme at home is watched by its own clinicians.' },
  { id: 'team-answers-alarms', who: ['nurse', 'physician', 'primary-care', 'paramedic'], as: ['care-team', 'programme'], may: ['acknowledge'],
    data: ['alarms'], purposes: ['TREAT'], consent: 'may-close', why: 'An alarm of a programme or a team is answered by it.' },
  { id: 'team-charts', who: TREATING, as: ['care-team', 'on-shift'], may: ['create', 'change'],
    data: ['vitals', 'events', 'laboratory', 'documents', 'placement', 'identity'], purposes: ['TREAT'], consent: 'may-close', why: 'Observations, notes, and who lies where are charted by who treats.' },
  { id: 'team-withdraws', who: TREATING, as: ['care-team', 'on-shift'], may: ['delete'],
    data: ['vitals', 'events', 'laboratory', 'documents', 'placement'], purposes: ['TREAT'], consent: 'may-close', why: 'What was entered by mistake is withdrawn; each of its versions stays.' },
  { id: 'prescriber-withdraws', who: ['physician', 'primary-care'], as: ['care-team', 'on-shift'], may: ['delete'],
    data: ['medication', 'protocols'], purposes: ['TREAT'], consent: 'may-close', why: 'What was prescribed by mistake is withdrawn by who prescribes.' },
  { id: 'team-gives-medication', who: ['nurse', 'physician', 'primary-care', 'paramedic'], as: ['care-team', 'on-shift'], may: ['create'],
    data: ['medication'], purposes: ['TREAT'], consent: 'may-close', why: 'A dose given is charted by who gave it.' },
  { id: 'prescriber-changes', who: ['physician', 'primary-care'], as: ['care-team', 'on-shift'], may: ['create', 'change'],
    data: ['medication', 'protocols'], purposes: ['TREAT'], consent: 'may-close', duties: ['check-missed-alarms'], why: 'Limits, plans and medication are a prescriber’s (safety S15).' },
  { id: 'team-records-consent', who: TREATING, as: ['care-team', 'on-shift'], may: ['create', 'change'], data: ['consents'],
    purposes: ['TREAT'], consent: 'may-close', duties: ['tell-the-person'], why: 'A consent given or withdrawn on paper is entered by who received it.' },
  { id: 'staff-admits', who: ['nurse', 'physician'], as: ['organisation'], may: ['create'], data: ['identity', 'placement'],
    purposes: ['TREAT'], consent: 'may-close', why: 'Nobody is unmonitored for want of a name (safety S17).' },
  { id: 'staff-finds', who: ['nurse', 'physician'], as: ['organisation'], may: ['search'], data: ['identity'],
    purposes: ['TREAT'], consent: 'may-close', why: 'A person is found by name before they are admitted.' },
  { id: 'team-commands-device', who: ['nurse', 'physician'], as: ['care-team', 'on-shift'], may: ['command'], data: ['devices'],
    purposes: ['TREAT'], consent: 'not-asked', duties: ['re-authenticate', 'second-person'], why: 'What a device does to a person takes two.' },
  { id: 'staff-keeps-directory', who: ['nurse', 'physician', 'primary-care', 'administrator'], as: ['organisation'], may: ['create', 'change', 'delete'], data: ['directory'],
    purposes: ['TREAT', 'HOPERAT', 'HSYSADMIN'], consent: 'not-asked', why: 'Who and what is here is kept by who works here.' },
  { id: 'staff-reads-protocols', who: TREATING, as: ['organisation'], may: ['read', 'search'], data: ['protocol-library'],
    purposes: ['TREAT', 'HOPERAT'], consent: 'not-asked', why: 'Whoever answers alarms may know by which limits a ward is watched.' },
  { id: 'prescriber-writes-protocols', who: ['physician'], as: ['organisation'], may: ['create', 'change'], data: ['protocol-library'],
    purposes: ['TREAT', 'HOPERAT'], consent: 'not-asked', why: 'By which limits a ward is watched is a physician’s decision.' },
  { id: 'administrator-keeps-protocols', who: ['administrator'], as: ['organisation'], may: ['read', 'search', 'create', 'change'], data: ['protocol-library'],
    purposes: ['HSYSADMIN'], consent: 'not-asked', why: 'What was decided is entered for a ward by who keeps the platform; each change is in the audit.' },
  { id: 'systems-log', who: [...TREATING, 'administrator'], as: ['organisation'], may: ['create'], data: ['audit'],
    purposes: ['TREAT', 'HOPERAT', 'HSYSADMIN'], consent: 'not-asked', why: 'What another system saw happen is added to the audit.' },
  { id: 'staff-sees-devices', who: ['nurse', 'physician', 'paramedic'], as: ['organisation'], may: LOOK, data: ['devices', 'fleet', 'supply'],
    purposes: ['TREAT', 'HOPERAT'], consent: 'not-asked', why: 'Staff must find a device and know its state.' },
  { id: 'staff-registers-devices', who: ['nurse', 'physician'], as: ['organisation'], may: ['create'], data: ['devices'],
    purposes: ['TREAT', 'HOPERAT'], consent: 'not-asked', why: 'A device is put to use at the bed.' },
  { id: 'team-scores', who: ['nurse', 'physician', 'primary-care'], as: ['care-team', 'on-shift'], may: ['score'],
    data: [...MEASURED, 'medication', 'documents'], purposes: ['TREAT'], consent: 'may-close', why: 'A model may be asked about one’s own patient.' },
  { id: 'team-exports', who: ['physician', 'primary-care'], as: ['care-team'], may: ['export', 'disclose'], data: RECORD,
    purposes: ['TREAT'], consent: 'may-close', duties: ['re-authenticate', 'ledger', 'state-origin'], why: 'A referral takes the record along.' },
  { id: 'records-move', who: ['physician'], as: ['organisation'], may: ['create', 'export'], data: [...RECORD, 'location', 'consents'],
    purposes: ['HOPERAT'], consent: 'may-close', duties: ['re-authenticate', 'ledger', 'state-origin'], why: 'Records are taken in and along as a whole by a physician in charge.' },
  { id: 'pharmacist-reads', who: ['pharmacist'], as: ['care-team', 'programme'], may: ['read', 'search'],
    data: ['identity', 'medication', 'laboratory'], purposes: ['TREAT'], consent: 'may-close', why: 'Who dispenses checks dose and kidney.' },
  { id: 'pharmacist-dispenses', who: ['pharmacist'], as: ['care-team', 'programme'], may: ['create', 'change'],
    data: ['medication'], purposes: ['TREAT'], consent: 'may-close', why: 'A refill is told by who dispensed it.' },
  { id: 'pharmacist-supplies', who: ['pharmacist', 'biomedical-engineer'], as: ['organisation'], may: [...LOOK, 'create', 'change'],
    data: ['supply'], purposes: ['HOPERAT'], consent: 'not-asked', why: 'Stock is ordered and received.' },
  { id: 'laboratory-posts', who: ['laboratory'], as: ['organisation', 'programme'], may: ['create', 'change'], data: ['laboratory'],
    purposes: ['TREAT'], consent: 'may-close', why: 'A laboratory posts and corrects results, and reads nothing.' },
  { id: 'break-glass', who: ['nurse', 'physician', 'primary-care', 'paramedic', 'pharmacist'], as: ['none'], may: ['read', 'stream'],
    data: [...RECORD, 'location'], purposes: ['ETREAT'], needs: ['break-glass'], consent: 'cannot-close', source: EMERGENCY,
    duties: ['banner', 'notify-privacy-officer', 'review', 'ledger'], why: 'In an emergency whoever treats may look, and answers for it.' },
  { id: 'break-glass-finds', who: ['nurse', 'physician', 'primary-care', 'paramedic', 'pharmacist'], as: ['none'], may: ['search'],
    data: ['identity'], purposes: ['ETREAT'], needs: ['break-glass'], consent: 'cannot-close', source: EMERGENCY,
    duties: ['banner', 'notify-privacy-officer', 'review'], why: 'In an emergency a person must be found.' },
  { id: 'break-glass-answers', who: ['nurse', 'physician', 'primary-care', 'paramedic'], as: ['none'], may: ['acknowledge'],
    data: ['alarms'], purposes: ['ETREAT'], needs: ['break-glass'], consent: 'cannot-close', source: EMERGENCY,
    duties: ['banner', 'notify-privacy-officer', 'review', 'ledger'], why: 'Who came running may answer the alarm.' },

  // ── Devices and the platform itself ────────────────────────────────────────────────────────────
  { id: 'device-sends', who: ['device'], as: ['self'], may: ['create'], data: ['vitals', 'waveforms', 'events', 'alarms', 'location', 'fleet'],
    purposes: ['TREAT'], consent: 'cannot-close', source: 'safety S26', why: 'What a worn device sends is kept; monitoring is stopped by an act of its own.' },
  { id: 'device-knows-itself', who: ['device'], as: ['self'], may: ['read', 'stream'], data: ['devices', 'fleet'],
    purposes: ['TREAT', 'HOPERAT'], consent: 'not-asked', why: 'A device reads its own settings.' },
  { id: 'device-hears-another', who: ['device'], as: ['none'], may: ['stream'], data: ['vitals', 'events', 'alarms'],
    purposes: ['TREAT'], needs: ['grant'], consent: 'may-close', why: 'One device hears another by grant only.' },
  { id: 'platform-watches', who: ['platform-job'], as: ['organisation'], may: ['read', 'search', 'stream', 'create', 'change'], data: [...RECORD, 'location'],
    purposes: ['TREAT'], consent: 'cannot-close', source: 'safety S1, S26; GDPR Art. 9(2)(h)', why: 'Detectors go on until monitoring is stopped by an act of its own.' },
  { id: 'platform-scores', who: ['platform-job'], as: ['organisation'], may: ['score'], data: [...MEASURED, 'medication', 'documents'],
    purposes: ['TREAT'], consent: 'may-close', why: 'A model is asked about nobody who has said no.' },
  { id: 'platform-sends', who: ['platform-job'], as: ['organisation'], may: ['export', 'disclose'], data: RECORD,
    purposes: ['TREAT', 'HPAYMT', 'HOPERAT'], consent: 'must-permit', duties: ['ledger', 'state-origin'], why: 'Subscriptions, webhooks and planned exports carry what the person has opened.' },
  { id: 'platform-keeps-house', who: ['platform-job'], as: ['organisation'], may: ['read', 'search', 'create', 'change', 'delete'],
    data: ['devices', 'fleet', 'supply', 'aggregates', 'status', 'accounts', 'disclosures'], purposes: ['HOPERAT'], consent: 'not-asked', why: 'Registers, figures and sessions are kept by the platform.' },
  { id: 'platform-logs', who: ['platform-job'], as: ['organisation'], may: ['create'], data: ['audit'],
    purposes: ['HOPERAT', 'HCOMPL'], consent: 'not-asked', why: 'The audit log is only ever added to.' },
  { id: 'platform-retires', who: ['platform-job'], as: ['organisation'], may: ['delete'], data: WHOLE_RECORD,
    purposes: ['HOPERAT'], consent: 'cannot-close', source: 'GDPR Art. 5(1)(e)', duties: ['legal-hold-first'], why: 'What is past its retention goes.' },

  // ── Those who see no person ────────────────────────────────────────────────────────────────────
  { id: 'engineer-keeps-devices', who: ['biomedical-engineer'], as: ['organisation'], may: [...LOOK, 'create', 'change', 'delete'],
    data: ['devices', 'fleet'], purposes: ['HOPERAT', 'PATSFTY'], consent: 'not-asked', why: 'Who mends devices sees devices, not who wears them.' },
  { id: 'engineer-operates-devices', who: ['biomedical-engineer'], as: ['organisation'], may: ['command', 'administer'], data: ['devices', 'fleet'],
    purposes: ['HOPERAT', 'PATSFTY'], consent: 'not-asked', duties: ['clinical-release', 're-authenticate'], why: 'No device is changed on a person without a clinician’s release (safety S27).' },
  { id: 'maker-sees-own-models', who: ['manufacturer'], as: ['device-model'], may: ['read', 'search'], data: ['fleet'],
    purposes: ['HOPERAT', 'PATSFTY'], consent: 'not-asked', duties: ['suppress-small-cells'], why: 'A maker sees the state of its own models.' },
  { id: 'supplier-hands-over', who: ['supplier'], as: ['programme'], may: ['read', 'search', 'create', 'change'], data: ['supply'],
    purposes: ['HOPERAT'], consent: 'not-asked', why: 'A shipment is handed over scan by scan.' },
  { id: 'integrator-tries', who: ['integrator'], as: ['organisation'], may: [...LOOK, 'create', 'change', 'delete'],
    data: [...RECORD, 'devices', 'fleet'], purposes: ['SYSDEV'], needs: ['synthetic'], consent: 'not-asked', why: 'Interfaces are built on invented persons.' },
  { id: 'trainee-learns', who: ['trainee'], as: ['organisation'], may: [...LOOK, 'create', 'change', 'acknowledge', 'pause-audio'], data: RECORD,
    purposes: ['TRAIN'], needs: ['synthetic'], consent: 'not-asked', why: 'One learns on invented persons.' },

  // ── Those who keep order ───────────────────────────────────────────────────────────────────────
  { id: 'administrator-keeps-accounts', who: ['administrator'], as: ['organisation'], may: ['read', 'search', 'create', 'change', 'delete', 'administer'],
    data: ['accounts', 'policy'], purposes: ['HSYSADMIN'], consent: 'not-asked', duties: ['re-authenticate'], why: 'Accounts, roles and grants have a keeper, who sees no person’s record.' },
  { id: 'administrator-keeps-platform', who: ['administrator'], as: ['organisation'], may: ['read', 'search', 'create', 'change', 'delete', 'administer'],
    data: ['devices', 'fleet', 'status'], purposes: ['HSYSADMIN'], consent: 'not-asked', why: 'The platform has a keeper.' },
  { id: 'administrator-keeps-keys', who: ['administrator'], as: ['organisation'], may: ['administer'], data: ['keys'],
    purposes: ['HSYSADMIN'], consent: 'not-asked', duties: ['re-authenticate', 'second-person'], why: 'Keys are rotated and backed up; nobody reads them.' },
  { id: 'administrator-sees-figures', who: ['administrator'], as: ['organisation'], may: ['read', 'search', 'export'], data: ['aggregates'],
    purposes: ['HOPERAT'], consent: 'not-asked', duties: ['suppress-small-cells'], why: 'A hospital is led by figures, not by records.' },
  { id: 'administrator-erases', who: ['administrator'], as: ['organisation'], may: ['delete'], data: WHOLE_RECORD,
    purposes: ['PATRQT'], consent: 'cannot-close', source: 'GDPR Art. 17', duties: ['legal-hold-first', 're-authenticate', 'second-person'], why: 'An erasure that the controller has decided is carried out unseen (safety S29).' },
  { id: 'auditor-reads-audit', who: ['auditor'], as: ['organisation'], may: ['read', 'search', 'export'], data: ['audit'],
    purposes: ['HCOMPL'], consent: 'not-asked', duties: ['re-authenticate'], why: 'An auditor reads the audit log and nothing else (HIPAA 45 CFR 164.312(b)).' },

  // ── The public and those who pay ───────────────────────────────────────────────────────────────
  { id: 'analyst-sees-figures', who: ['public-health-analyst'], as: ['organisation', 'programme'], may: ['read', 'search', 'export'], data: ['aggregates'],
    purposes: ['PUBHLTH'], consent: 'not-asked', duties: ['suppress-small-cells', 'state-origin'], why: 'Public health is served by figures about many.' },
  { id: 'analyst-sees-nobody', who: ['public-health-analyst'], as: ['programme'], may: ['read', 'search', 'export'], data: MEASURED,
    purposes: ['PUBHLTH'], needs: ['de-identified'], consent: 'may-close', duties: ['suppress-small-cells', 'state-origin'], why: 'Surveillance works on data without persons.' },
  { id: 'analyst-researches', who: ['public-health-analyst'], as: ['programme'], may: ['read', 'search', 'export'], data: [...MEASURED, 'medication'],
    purposes: ['HRESCH'], needs: ['de-identified'], consent: 'must-permit', duties: ['suppress-small-cells', 'state-origin', 'ledger'], why: 'Research has data without persons, from those who said yes.' },
  { id: 'law-is-obeyed', who: ['physician', 'platform-job'], as: ['organisation'], may: ['disclose'], data: ['identity', 'laboratory', 'events', 'documents'],
    purposes: ['PUBHLTH'], consent: 'cannot-close', source: 'GDPR Art. 9(2)(i); HIPAA 45 CFR 164.512(b)', duties: ['ledger', 'state-origin', 'second-person'], why: 'What the law has reported is reported.' },
  { id: 'payer-sees-members', who: ['payer-analyst'], as: ['programme'], may: ['read', 'search', 'export'], data: ['aggregates'],
    purposes: ['HPAYMT'], consent: 'must-permit', duties: ['ledger', 'state-origin'], why: 'A payer sees the figures of members who said yes.' },
] as const satisfies readonly Rule[];

export type RuleId = (typeof RULES)[number]['id'];
