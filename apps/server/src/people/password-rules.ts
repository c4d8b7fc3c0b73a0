/** Which passwords are taken: length above all (NIST SP 800-63B-4), and none that everybody tries first. */

const LENGTH_MIN = 12;
/** Where a code or a passkey is asked for as well. */
const LENGTH_MIN_BESIDE_FACTOR = 8;

/** What a guesser begins with; longer ones are these with something behind. */
const BANNED = [
  'password',
  'passwort',
  'contraseña',
  'qwerty',
  'qwertz',
  'azerty',
  'letmein',
  'welcome',
  'iloveyou',
  'administrator',
  'changeme',
  'hospital',
  'krankenhaus',
  'demo-ausculta',
  'ausculta',
  'abcdef',
  '123456',
  '987654',
  '111111',
  '000000',
];

/** Less than this much of its own behind such a word adds nothing. */
const OWN_MIN = 6;

interface Wanted {
  readonly password: string;
  readonly loginName: string;
  readonly hasFactor: boolean;
}

/** Undefined: it is taken. */
export function passwordProblem({ password, loginName, hasFactor }: Wanted): string | undefined {
  const least = hasFactor ? LENGTH_MIN_BESIDE_FACTOR : LENGTH_MIN;
  if ([...password].length < least) return `password: at least ${least} characters`;
  if (new Set(password).size < 4) return 'password: the same characters again and again';
  const plain = password.toLowerCase();
  const words = loginName.length >= 4 ? [...BANNED, loginName.toLowerCase()] : BANNED;
  const isGuessed = words.some(
    (word) => plain.includes(word) && plain.length - word.length < OWN_MIN,
  );
  return isGuessed ? 'password: everybody would try it first' : undefined;
}

export const isShort = (password: string): boolean => [...password].length < LENGTH_MIN;
