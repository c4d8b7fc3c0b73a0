/** The master key by the environment: one provider, wholly named. */
import type { MasterKeySource } from './vault/open-vault.ts';

export interface MasterKeyGiven {
  readonly AUSCULTA_MASTER_KEY?: Uint8Array | undefined;
  readonly AUSCULTA_MASTER_KEY_PREVIOUS?: Uint8Array | undefined;
  readonly AUSCULTA_KMS_URL?: string | undefined;
  readonly AUSCULTA_KMS_KEY: string;
  readonly AUSCULTA_KMS_TOKEN_FILE?: string | undefined;
}

export function masterKeyOf(settings: MasterKeyGiven): MasterKeySource {
  const { AUSCULTA_MASTER_KEY: current, AUSCULTA_MASTER_KEY_PREVIOUS: previous } = settings;
  if (current !== undefined) return { kind: 'environment', current, previous };
  const { AUSCULTA_KMS_URL: url, AUSCULTA_KMS_TOKEN_FILE: tokenFile } = settings;
  if (url === undefined || tokenFile === undefined) return { kind: 'file' };
  return { kind: 'transit', url, keyName: settings.AUSCULTA_KMS_KEY, tokenFile };
}

/** One provider, wholly named: half of one would leave the key in a file where nobody expects it. */
export function masterKeyConflicts(settings: MasterKeyGiven): string[] {
  const { AUSCULTA_MASTER_KEY: key, AUSCULTA_MASTER_KEY_PREVIOUS: previous } = settings;
  const { AUSCULTA_KMS_URL: url, AUSCULTA_KMS_TOKEN_FILE: tokenFile } = settings;
  const problems: string[] = [];
  if (key !== undefined && url !== undefined) {
    problems.push(
      'AUSCULTA_MASTER_KEY and AUSCULTA_KMS_URL are both set. Leave one of them unset.',
    );
  }
  if (previous !== undefined && key === undefined) {
    problems.push(
      'AUSCULTA_MASTER_KEY_PREVIOUS is set alone. Set AUSCULTA_MASTER_KEY to the new key.',
    );
  }
  if ((url === undefined) !== (tokenFile === undefined)) {
    problems.push(
      'AUSCULTA_KMS_URL and AUSCULTA_KMS_TOKEN_FILE belong together. Set both, or leave both unset.',
    );
  }
  return problems;
}
