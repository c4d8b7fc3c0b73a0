import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkpointText, readCheckpoint, signedNote } from './checkpoint.ts';

const hash = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
/** The raw key stands at the end of its DER. */
const rawKey = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const key = { name: 'example.org/ausculta', publicKey: rawKey };
const by = {
  hash,
  sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
  verify: (message: Uint8Array, signature: Uint8Array) =>
    verify(null, message, publicKey, signature),
};
const head = { origin: 'example.org/ausculta', size: 20_852_163, root: hash(Buffer.from('root')) };
const note = signedNote(checkpointText(head), key, by);

/** The example in the documentation of Go's module golang.org/x/mod/sumdb/note. */
test('a signature of another tool is understood, down to the id of its key', () => {
  const [, id, publicText = ''] =
    'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'.split('+', 3);
  const raw = Buffer.from(publicText, 'base64').subarray(1);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
  const theirs = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const told = `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;
  assert.equal(id, 'c74f20a3');
  let isVerified = false;
  const read = readCheckpoint(
    told,
    { name: 'PeterNeumann', publicKey: raw },
    {
      hash,
      verify: (message, signature) => {
        isVerified = verify(null, message, theirs, signature);
        return isVerified;
      },
    },
  );
  assert.ok(isVerified, 'it is signed');
  assert.ok(!read.ok && read.fault.code === 'PAYLOAD_MALFORMED', 'and no checkpoint');
});

test('a checkpoint is three lines, and a note adds its signature', () => {
  const lines = note.split('\n');
  assert.deepEqual(lines.slice(0, 4), [
    'example.org/ausculta',
    '20852163',
    Buffer.from(head.root).toString('base64'),
    '',
  ]);
  assert.match(lines[4] ?? '', /^— example\.org\/ausculta [A-Za-z0-9+/]+={0,2}$/);
  assert.equal(lines.length, 6);
});

test('what was signed is read back, with extensions and other signatures beside it', () => {
  const read = readCheckpoint(note, key, by);
  assert.ok(read.ok);
  assert.deepEqual(
    { ...read.value, root: Buffer.from(read.value.root) },
    { ...head, extensions: [] },
  );
  const extensions = ['an extension', 'and another'];
  const extended = readCheckpoint(
    signedNote(checkpointText({ ...head, extensions }), key, by),
    key,
    by,
  );
  assert.deepEqual(extended.ok && extended.value.extensions, extensions);
  const witnessed = `${note}— witness.example/w ${Buffer.alloc(68, 7).toString('base64')}\n`;
  assert.ok(readCheckpoint(witnessed, key, by).ok);
});

test('no other letter anywhere passes as signed', () => {
  fc.assert(
    fc.property(
      fc.nat(note.length - 1),
      fc.constantFrom('0', 'a', '\n', '+', ' '),
      (at, letter) => {
        fc.pre(note[at] !== letter);
        const altered = note.slice(0, at) + letter + note.slice(at + 1);
        assert.ok(!readCheckpoint(altered, key, by).ok);
      },
    ),
    { numRuns: 1_000 },
  );
});

for (const [what, told] of [
  ['nothing', ''],
  ['a text without a signature', checkpointText(head)],
  [
    'a note of another key',
    signedNote(checkpointText(head), { ...key, name: 'other.example' }, by),
  ],
  ['a note that is cut', note.slice(0, -1)],
  ['a note without an end', `${note}${'x'.repeat(20_000)}`],
  ['a size with a zero in front', signedNote(`o\n01\n${note.split('\n')[2]}\n`, key, by)],
  [
    'a size beyond what is exact',
    signedNote(`o\n9007199254740993\n${note.split('\n')[2]}\n`, key, by),
  ],
  ['a root that is short', signedNote('o\n1\nAAAA\n', key, by)],
  ['no origin', signedNote(`\n1\n${note.split('\n')[2]}\n`, key, by)],
] as const) {
  test(`${what} is no checkpoint`, () => {
    assert.ok(!readCheckpoint(told, key, by).ok);
  });
}
