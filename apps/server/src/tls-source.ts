/**
 * What a door shows of itself in TLS, and whose certificates it knows: read from files, and again when
 * they change, so that a certificate is renewed while the connections of the one before live on.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type Server, type TlsOptions } from 'node:tls';
import { errorCode, StartProblem } from './database/start-problem.ts';
import type { TlsFiles } from './door-settings.ts';
import type { Outside } from './outside.ts';

/** Whoever renews a certificate looks at once whether it works. */
const LOOK_MS = 2_000;

/** A stranger that does not finish its handshake makes room for others. */
const HANDSHAKE_MS = 10_000;

export interface TlsPorts extends Pick<Outside, 'every' | 'onProblem'> {
  /** Authorities whose certificates clients may show, in PEM; those of the CA file where undefined. */
  readonly authorities?: () => readonly string[];
}

type FileName = Exclude<keyof TlsFiles, 'setting'>;
type Read = Record<FileName, Buffer | undefined>;

const PARTS = { certFile: 'CERT', keyFile: 'KEY', caFile: 'CA' } as const;
const FILES = ['certFile', 'keyFile', 'caFile'] as const;

export class TlsSource implements Disposable {
  readonly #files: TlsFiles;
  readonly #ports: TlsPorts;
  readonly #servers = new Set<Server>();
  readonly #stop: () => void;
  #read: Read;
  /** What was read last and cannot be used: half of it may still be on its way. */
  #unusable: Read | undefined;

  constructor(files: TlsFiles, ports: TlsPorts) {
    this.#files = files;
    this.#ports = ports;
    this.#read = this.#readAtStart();
    this.#stop = ports.every(LOOK_MS, () => void this.#look());
  }

  /** For a server that is then to be followed. */
  get options(): TlsOptions {
    const { authorities } = this.#ports;
    const mustShow = { requestCert: true, rejectUnauthorized: true };
    // A device without one has a token; what is wrong with one that is shown is said by the door.
    const mayShow = { requestCert: true, rejectUnauthorized: false };
    const clients = authorities ? mayShow : this.#read.caFile ? mustShow : {};
    return { ...this.#contextOf(this.#read), handshakeTimeout: HANDSHAKE_MS, ...clients };
  }

  /** From now on the server shows what the files hold. */
  follow(server: Server): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
  }

  /** Other authorities are known: new connections may show their certificates. */
  refresh(): void {
    for (const server of this.#servers) server.setSecureContext(this.#contextOf(this.#read));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #contextOf({ certFile: cert, keyFile: key, caFile }: Read): TlsOptions {
    const { authorities } = this.#ports;
    const ca = authorities === undefined ? caFile : [...authorities()];
    const minVersion = 'TLSv1.2';
    return { ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }), minVersion };
  }

  #readAtStart(): Read {
    const { setting } = this.#files;
    const read = this.#each((file, part) => {
      try {
        return readFileSync(file);
      } catch (cause) {
        const why = `${setting}_${part} names a file that cannot be read (${errorCode(cause)}). Mend it.`;
        throw new StartProblem('TLS_UNUSABLE', why, cause);
      }
    });
    try {
      createSecureContext(this.#contextOf(read));
    } catch (cause) {
      const why = `${setting}_CERT and ${setting}_KEY name no certificate in PEM with its key. Mend them.`;
      throw new StartProblem('TLS_UNUSABLE', why, cause);
    }
    return read;
  }

  #each<T>(read: (file: string, part: string) => T): Record<FileName, T | undefined> {
    const one = (name: FileName): T | undefined => {
      const file = this.#files[name];
      return file === undefined ? undefined : read(file, PARTS[name]);
    };
    return { certFile: one('certFile'), keyFile: one('keyFile'), caFile: one('caFile') };
  }

  async #look(): Promise<void> {
    try {
      const reading = this.#each((file) => readFile(file));
      const read = {
        certFile: await reading.certFile,
        keyFile: await reading.keyFile,
        caFile: await reading.caFile,
      };
      if (areEqual(read, this.#read)) return;
      this.#take(read);
    } catch (error) {
      this.#ports.onProblem('read the certificate of a door', error);
    }
  }

  #take(read: Read): void {
    try {
      createSecureContext(this.#contextOf(read));
    } catch (error) {
      const isSame = this.#unusable !== undefined && areEqual(read, this.#unusable);
      this.#unusable = read;
      if (isSame) throw error;
      return;
    }
    this.#read = read;
    this.#unusable = undefined;
    this.refresh();
  }
}

function areEqual(a: Read, b: Read): boolean {
  return FILES.every((name) => {
    const [one, other] = [a[name], b[name]];
    return one === undefined || other === undefined ? one === other : one.equals(other);
  });
}
