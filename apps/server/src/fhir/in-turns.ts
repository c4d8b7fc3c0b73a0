/** Long work in parts, with other work between them: what comes in from devices waits for no record. */

/** So many are done without a pause: some ms. */
const PARTS_AT_ONCE = 10;

export async function* inTurns<T>(
  parts: Iterable<T>,
  pause: () => Promise<void>,
): AsyncGenerator<T> {
  let count = 0;
  for (const part of parts) {
    yield part;
    count += 1;
    if (count % PARTS_AT_ONCE === 0) await pause();
  }
}
