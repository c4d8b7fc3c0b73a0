/** What a backup is made from and a restore made into, whichever kind of PostgreSQL it is. */
import type { SigningKey } from '../vault/receipt-proof.ts';
import type { CommandPorts, Ground } from './ground.ts';
import type { Backup, Manifest } from './manifest.ts';
import type { Counts } from './store.ts';

export interface BackupTask {
  readonly ground: Ground;
  readonly ports: CommandPorts;
  readonly backupDir: string;
  /** Where this one goes until it is whole. */
  readonly partialDir: string;
  /** Undefined where the keys do not open here: then nothing shows later that it was not changed. */
  readonly signingKey: SigningKey | undefined;
  readonly common: Pick<Manifest, 'version' | 'madeBy' | 'migrations' | 'counts'>;
}

export interface RestoreTask {
  readonly ports: CommandPorts;
  readonly backupDir: string;
  readonly backup: Backup;
  readonly dataDirectory: { readonly path: string };
  readonly toMs: number | undefined;
}

export interface Restored {
  readonly counts: Counts;
  /** Why its rows do not open yet; undefined when the keys here are those of this database. */
  readonly keyProblem: string | undefined;
}
