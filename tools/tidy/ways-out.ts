// The server speaks to others by one room alone, which looks at where a name leads before it connects.
import { type Finding, isTest, type SourceFile } from './source-file.ts';

const WAY_OUT = 'apps/server/src/outgoing/';
/** It hands its mails to a library, at an address that the room has looked at. */
const MAIL = { path: 'apps/server/src/subscriptions/mail-relay.ts', must: /\bpinnedAddress\(/ };

const WAYS: readonly RegExp[] = [
  /(?<![\w.])fetch\(/,
  /\bglobalThis\.fetch\b/,
  /from 'undici'/,
  /import \{[^}]*\b(request|get)\b[^}]*\} from 'node:https?'/,
  /import \{[^}]*\b(connect|createConnection)\b[^}]*\} from 'node:(net|tls|http2)'/,
  /import (\* as )?\w+ from 'node:(https?|http2|net|tls|dgram)'/,
  /import \{[^}]*\b(EventSource|WebSocket)\b[^}]*\} from 'ws'/,
  /\bnew (WebSocket|EventSource)\(/,
];
const BY_MAIL = /from 'nodemailer'/;

export function findWaysOut(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => path.startsWith('apps/server/src/') && !isTest(path))
    .filter(({ path }) => !path.startsWith(WAY_OUT))
    .filter(({ path, text }) => {
      const isMail = path === MAIL.path && MAIL.must.test(text);
      return WAYS.some((way) => way.test(text)) || (BY_MAIL.test(text) && !isMail);
    })
    .map(({ path }) => `${path} goes out by itself: ask ${WAY_OUT}outgoing.ts`);
}
