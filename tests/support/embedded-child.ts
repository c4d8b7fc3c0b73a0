/**
 * A server in miniature, to be killed: starts the embedded PostgreSQL on the directory it is given,
 * stores one row, says so, and stays.
 */
import { randomBytes } from 'node:crypto';
import { openDataDirectory } from '../../apps/server/src/database/data-directory.ts';
import { openDatabase } from '../../apps/server/src/database/open.ts';

const dataDirectory = await openDataDirectory({ path: process.argv[2] ?? '' });
const database = await openDatabase({ dataDirectory, randomBytes });
await database.line`
  INSERT INTO organisation (id, name) VALUES (gen_random_uuid(), 'acknowledged')`;
process.stdout.write('stored\n');
setInterval(() => undefined, 60_000);
