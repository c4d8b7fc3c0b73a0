/** Whether somebody may be of the family of whom they look at, by name alone. */

/** Shorter last words are titles (MD, RN) or names of two letters: then the word before is asked as well. */
const SURE_LETTERS = 3;
/** A single letter is an initial, but for scripts in which a name is one sign. */
const LETTERS_MIN = 2;

/** Any part of a family's name: Meier-Okafor and Okafor are. What stands in brackets or after a comma is none. */
export function areNamesakes(
  displayName: string | undefined,
  familyName: string | undefined,
): boolean {
  const [own = ''] = (displayName ?? '').replace(/[([{].*$/u, '').split(',');
  const family = new Set(wordsOf(familyName).flatMap(spellingsOf));
  const words = wordsOf(own);
  const sure = words.findLast((word) => [...word].length >= SURE_LETTERS);
  const last = [words.at(-1), sure].filter((word) => word !== undefined);
  return last.some((word) => spellingsOf(word).some((one) => family.has(one)));
}

function wordsOf(name = ''): string[] {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}]+/u);
  return words.filter(isName);
}

const isName = (word: string): boolean =>
  [...word].length >= LETTERS_MIN || /\p{Script=Han}|\p{Script=Hangul}/u.test(word);

/** Müller is Muller in one system, and Mueller in the next. */
function spellingsOf(word: string): string[] {
  const whole = word.replaceAll('ß', 'ss');
  const long = whole.replace(/[äöü]/g, (letter) => `${LONG[letter] ?? letter}`);
  return [...new Set([plain(whole), plain(long)])];
}

const LONG: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };

const plain = (word: string): string => word.normalize('NFKD').replace(/\p{M}/gu, '');
