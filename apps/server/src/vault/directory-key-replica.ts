/**
 * The copy of the key store in a directory, best one of another disk or machine. It is opened for each
 * change and closed again, so that its disk may go and come back; it is never made, so that the copy
 * does not end up beside the place where its disk should have been.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyReplica } from './key-replica.ts';
import { openShredList, type ShredList } from './shred-list.ts';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite-key-store.ts';

export function directoryKeyReplica(directory: string): KeyReplica {
  const expectThere = (): void => {
    if (!statSync(directory).isDirectory())
      throw new Error('the place of the copy is no directory');
  };
  const inStore = <T>(work: (store: SqliteKeyStore) => T): T => {
    expectThere();
    using store = openSqliteKeyStore(join(directory, 'keys.sqlite'));
    return work(store);
  };
  const list = (): ShredList => {
    expectThere();
    return openShredList(join(directory, 'shredded.jsonl'));
  };
  return {
    place: directory,
    read: () => inStore((store) => store.read()),
    add: (keys) => inStore((store) => store.add(keys)),
    destroy: (owners) => inStore((store) => store.destroy(owners)),
    become: (keys) => inStore((store) => store.become(keys)),
    shredded: () => list().all(),
    noteShredded: (entries) => {
      const known = list();
      for (const entry of entries) known.add(entry);
    },
  };
}
