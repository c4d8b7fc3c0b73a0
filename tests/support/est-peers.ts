/** An EST client made of two programs that we did not write: openssl and curl. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPeers, type Outcome, runPeer } from './debian-peers.ts';

const PROGRAMS = ['openssl', 'curl'];

/** Undefined when they are there; else why they are not. */
export function missingEstPeers(): string | undefined {
  const isThere = () =>
    PROGRAMS.every(
      (program) => spawnSync(program, ['version'], { stdio: 'ignore' }).error === undefined,
    );
  return installPeers({ packages: PROGRAMS, what: 'foreign EST client', isThere });
}

/** Files of one client in a directory: its key, its request, what it was answered. */
export class EstPeer implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'ausculta-est-'));

  path(name: string): string {
    return join(this.#directory, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }

  async openssl(...args: readonly string[]): Promise<string> {
    const { code, output } = await runPeer('openssl', args);
    if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${output}`);
    return output;
  }

  curl(...args: readonly string[]): Promise<Outcome> {
    return runPeer('curl', ['--silent', '--show-error', ...args]);
  }

  /** A new key and a request for a certificate, as EST sends it: base64 of DER. */
  async request(name: string, options: readonly string[] = EC_P256): Promise<string> {
    const [key, csr] = [this.path(`${name}.key`), this.path(`${name}.p10`)];
    const made = ['-nodes', '-keyout', key, '-subj', '/CN=somebody-else/O=Elsewhere'];
    await this.openssl(
      'req',
      '-new',
      '-newkey',
      ...options,
      ...made,
      '-outform',
      'DER',
      '-out',
      `${csr}.der`,
    );
    await this.openssl('base64', '-in', `${csr}.der`, '-out', csr);
    return csr;
  }

  /** The certificates of an answer, as PEM in a file; their text. */
  async unpack(answer: string, name: string): Promise<string> {
    const [der, pem] = [this.path(`${name}.p7`), this.path(`${name}.pem`)];
    writeFileSync(der, Buffer.from(answer, 'base64'));
    await this.openssl('pkcs7', '-inform', 'DER', '-in', der, '-print_certs', '-out', pem);
    return pem;
  }

  /** POSTs a request as RFC 7030 has it; the body of the answer, and its status as the last line. */
  async enrol(url: string, request: string, options: readonly string[]): Promise<EstAnswer> {
    const headers = ['content-type: application/pkcs10', 'content-transfer-encoding: base64'];
    const { output } = await this.curl(
      ...headers.flatMap((header) => ['--header', header]),
      ...['--data-binary', `@${request}`, '--write-out', '\n%{http_code}', ...options, url],
    );
    const lines = output.trimEnd().split('\n');
    return { status: Number(lines.pop()), body: lines.join('\n') };
  }
}

export interface EstAnswer {
  readonly status: number;
  readonly body: string;
}

export const EC_P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
