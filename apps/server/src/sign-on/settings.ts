/**
 * By which other providers people sign on: the operator's list, a JSON file. Who is linked to whom is no setting:
 * that is said by an administrator's link, or by the person themself.
 */
import { ROLES, type Role } from '@ausculta/policy/vocabulary';
import { z } from 'zod';
import { isConfidential } from '../setting-forms.ts';

/** None of these is ever made by what another directory says. */
const MADE_BY_HAND: readonly Role[] = ['administrator', 'device', 'platform-job', 'wall-display'];
const MAPPED = ROLES.filter((role) => !MADE_BY_HAND.includes(role));

function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const { username, password, search, hash } = url;
  return username + password + search + hash === '' && isConfidential(url);
}

const Credentials = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secret'), file: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('private-key'),
    file: z.string().min(1),
    keyId: z.string().min(1).max(200).optional(),
    algorithm: z.enum(['RS256', 'RS384', 'PS256', 'ES256', 'ES384']).default('ES256'),
  }),
]);

const ProviderGiven = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is small letters, digits and hyphens'),
  /** On the button. */
  label: z
    .string()
    .min(1)
    .max(40)
    .regex(/^\P{Cc}+$/u),
  issuer: z.string().max(1000).refine(isIssuer, { message: 'is no https address of an issuer' }),
  clientId: z.string().min(1).max(200),
  credentials: Credentials,
  /** Needed where there are several: whose people come by it. */
  organisation: z.uuid().optional(),
  /** Whether its names may lead to a private address. */
  private: z.boolean().default(false),
  scope: z.string().max(500).default('openid profile'),
  /**
   * What the provider is to ask of who signs in. At a shared station it must ask each time, and tell when it did
   * (`auth_time`): else whoever comes next is let in as who came before.
   */
  asks: z.enum(['each-time', 'account', 'never']).default('each-time'),
  /** Accounts for whoever is of one of these groups; without it nobody is let in who has none. */
  rolesByGroup: z
    .strictObject({
      claim: z.string().min(1).max(200).default('groups'),
      roles: z.record(z.string().min(1).max(200), z.array(z.enum(MAPPED)).min(1).max(5)),
    })
    .optional(),
});

const List = z.strictObject({ providers: z.array(ProviderGiven).max(8) });

export type ProviderSettings = z.infer<typeof ProviderGiven>;

/** Words where it cannot be used. */
export function readProviders(text: string): readonly ProviderSettings[] | string {
  const parsed = List.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not understood'}`;
  }
  const { providers } = parsed.data;
  const unscoped = providers.find(({ scope }) => !scope.split(' ').includes('openid'));
  if (unscoped !== undefined) return `${unscoped.name}: scope has no openid`;
  const names = providers.map(({ name }) => name);
  return new Set(names).size < names.length ? 'two providers have one name' : providers;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
