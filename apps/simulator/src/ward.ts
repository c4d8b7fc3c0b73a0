import type { NewSubject } from '@ausculta/contract/subjects';
import type { Levels } from './physiology.ts';

/**
 * The demo's ward. Everybody here is invented; age and sex are near those of the person whose
 * recording is played, because a rhythm has its age. Pacing: none of these MIT-BIH records holds a
 * paced beat, and of the BIDMC recording nobody says.
 */
export interface WardPatient {
  readonly bed: string;
  readonly recording: string;
  readonly subject: NewSubject;
  readonly levels: Omit<Levels, 'heartRate'>;
  /** How this bed's monitor differs from the others. */
  readonly variation?: BedsideVariation;
}

export type BedsideVariation =
  /** Its clock was set wrong: stamps lie this far from the truth (negative: behind). */
  | { readonly kind: 'wrong-clock'; readonly errorMs: number }
  /** It speaks SenML (RFC 8428) instead of the platform's own JSON. */
  | { readonly kind: 'senml' }
  /** It is carried about, and tells its charge. */
  | { readonly kind: 'battery' };

const WARD = 'Ward 4 West';
const THREE_HOURS_MS = 3 * 60 * 60 * 1000;

interface Person {
  readonly familyName: string;
  readonly givenName: string;
  readonly birthDate: string;
  readonly sex: 'female' | 'male';
  readonly recordNumber: string;
}

function patient(
  bed: string,
  recording: string,
  person: Person,
  levels: readonly [
    spo2: number,
    respRate: number,
    temperatureC: number,
    systolic: number,
    diastolic: number,
  ],
  variation?: BedsideVariation,
): WardPatient {
  const [spo2, respRate, temperatureC, systolicMmHg, diastolicMmHg] = levels;
  return {
    bed,
    recording,
    subject: {
      kind: 'patient',
      category: 'adult',
      paced: recording.startsWith('mitbih') ? 'no' : 'unknown',
      identity: { ...person, ward: WARD, bed, invented: true },
    },
    levels: { spo2, respRate, temperatureC, systolicMmHg, diastolicMmHg },
    ...(variation === undefined ? {} : { variation }),
  };
}

function person(
  familyName: string,
  givenName: string,
  birthDate: string,
  sex: 'female' | 'male',
  recordNumber: string,
): Person {
  return { familyName, givenName, birthDate, sex, recordNumber };
}

export const WARD_PATIENTS: readonly WardPatient[] = [
  patient(
    '01',
    'mitbih100',
    person('Okafor', 'Emeka', '1957-03-14', 'male', 'D-4417'),
    [97, 15, 36.8, 128, 76],
  ),
  patient(
    '02',
    'mitbih219',
    person('Lindqvist', 'Tor', '1968-09-02', 'male', 'D-4402'),
    [95, 17, 36.9, 117, 71],
  ),
  patient(
    '03',
    'mitbih119',
    person('Marchetti', 'Livia', '1975-01-27', 'female', 'D-3981'),
    [96, 18, 37.1, 122, 68],
  ),
  patient(
    '04',
    'bidmc01',
    person('Haddad', 'Samir', '1965-06-11', 'male', 'D-4410'),
    [97, 20, 36.6, 134, 82],
  ),
  patient(
    '05',
    'mitbih203',
    person('Ferreira', 'Otávio', '1983-04-19', 'male', 'D-4377'),
    [95, 20, 37.4, 108, 64],
  ),
  patient(
    '06',
    'mitbih111',
    person('Castellanos', 'Rut', '1979-08-30', 'female', 'D-4425'),
    [97, 16, 36.7, 126, 79],
    { kind: 'battery' },
  ),
  patient(
    '07',
    'mitbih118',
    person('Wójcik', 'Piotr', '1957-05-08', 'male', 'D-4136'),
    [96, 18, 37.0, 138, 84],
    { kind: 'wrong-clock', errorMs: -THREE_HOURS_MS },
  ),
  patient(
    '08',
    'mitbih106',
    person('Mbele', 'Thandi', '2002-02-21', 'female', 'D-4390'),
    [98, 16, 37.2, 112, 70],
  ),
  patient(
    '09',
    'mitbih200',
    person('Novák', 'Jan', '1962-10-05', 'male', 'D-4288'),
    [95, 19, 37.3, 118, 66],
  ),
  patient(
    '10',
    'mitbih208',
    person('Ito', 'Haruka', '2003-07-17', 'female', 'D-4431'),
    [98, 14, 36.5, 114, 72],
  ),
  patient(
    '11',
    'mitbih222',
    person('Brandt', 'Wilma', '1942-02-03', 'female', 'D-4259'),
    [95, 17, 36.4, 129, 69],
  ),
  patient(
    '12',
    'mitbih105',
    person('Rahimi', 'Nasrin', '1953-05-26', 'female', 'D-4344'),
    [96, 17, 37.1, 131, 77],
    { kind: 'senml' },
  ),
];
