/** The lines of a body as it comes, each with its number; none of them longer than a resource may be. */

const LINE_BYTES_MAX = 4 * 2 ** 20;

export class BodyTooLarge extends Error {}

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

export async function* linesIn(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let [restBytes, bytes, number] = [0, 0, 0];
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new BodyTooLarge();
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      number += 1;
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]);
      if (line.length > LINE_BYTES_MAX) throw new BodyTooLarge();
      const text = line.toString('utf8').trim();
      if (text !== '') yield { number, text };
      [rest, restBytes, from] = [[], 0, end + 1];
    }
    const left = Buffer.from(chunk.subarray(from));
    rest.push(left);
    restBytes += left.length;
    if (restBytes > LINE_BYTES_MAX) throw new BodyTooLarge();
  }
  const text = Buffer.concat(rest).toString('utf8').trim();
  if (text !== '') yield { number: number + 1, text };
}

const NEWLINE = 0x0a;
