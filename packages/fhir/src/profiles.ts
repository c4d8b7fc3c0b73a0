/** The profiles of guides that are known here, by their URL. */
import type { Definitions } from './definitions.ts';
import type { Profile } from './profile.ts';
import type { ProfileLibrary } from './profile-check.ts';
import { IPS_PROFILES } from './profiles-ips.ts';
import { PHD_PROFILES } from './profiles-phd.ts';
import { US_CORE_VITAL_SIGNS } from './profiles-us-core.ts';

/** The file generated/us-core.json, parsed. */
export interface ProfilesDocument {
  readonly source: { readonly package: string; readonly version: string };
  readonly profiles: readonly Profile[];
}

export interface KnownProfiles extends ProfileLibrary {
  readonly all: readonly Profile[];
}

export function knownProfiles(
  { codes }: Pick<Definitions, 'codes'>,
  usCore: ProfilesDocument,
): KnownProfiles {
  const all = [...PHD_PROFILES, ...IPS_PROFILES, ...US_CORE_VITAL_SIGNS, ...usCore.profiles];
  const byUrl = new Map(all.map((profile) => [profile.url, profile]));
  return { all, profile: (url) => byUrl.get(url), codes: (valueSet) => codes.get(valueSet) };
}
