/** Names of settings that are none, each with the one that was probably meant. */

/** Settings of our own that others read: the command line, tests and benches. */
const SETTINGS_OF_OTHERS = [
  'AUSCULTA_SHARED_DIR',
  'AUSCULTA_TOKEN',
  'AUSCULTA_URL',
  'AUSCULTA_TEST_POSTGRES',
  'AUSCULTA_CHROMIUM',
  'AUSCULTA_DATA_CASES_FILE',
];

/** A misspelt setting would leave its default in force without a word. */
export function unknownSettings(given: readonly string[], ours: readonly string[]): string[] {
  const known = [...ours, ...SETTINGS_OF_OTHERS];
  return given
    .filter((name) => name.startsWith('AUSCULTA_') && !known.includes(name))
    .map((name) => {
      const nearest = known
        .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
        .reduce((best, next) => (next.distance < best.distance ? next : best));
      return `${name} is not a setting. Take it away, or write ${nearest.candidate} if that was meant.`;
    });
}

/** Levenshtein's distance: how many letters must change to make one name from the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
