// What we install is what we pinned, and the lock file names no registry: everyone may use their own.
import type { Finding } from './source-file.ts';

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly link?: boolean }>
  >;
}

interface Manifest {
  readonly path: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export function findRegistryHosts(lock: LockFile): Finding[] {
  return Object.entries(lock.packages)
    .filter(([, { resolved, link }]) => link !== true && resolved !== undefined)
    .map(([path]) => `package-lock.json: ${path} names the place it came from; see .npmrc`);
}

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

export function findUnpinned(manifests: readonly Manifest[]): Finding[] {
  return manifests.flatMap((manifest) =>
    declarations(manifest)
      .filter(([name, version]) => !isPinned(name, version))
      .map(([name, version]) => `${manifest.path}: ${name} is "${version}", not one exact version`),
  );
}

function declarations(manifest: Manifest): [string, string][] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  const all = [dependencies, devDependencies, optionalDependencies, peerDependencies];
  return all.flatMap((each) => Object.entries(each ?? {}));
}

/** Our own workspaces are linked, whatever their version. */
function isPinned(name: string, version: string): boolean {
  return name.startsWith('@ausculta/') ? version === '*' : EXACT.test(version);
}
