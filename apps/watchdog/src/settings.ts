/** The settings of the watchdog, from its environment. What is wrong is told in one go. */
import { z } from 'zod';

export const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** A token that travels in clear belongs to whoever listens. */
const safeUrl = (schemes: { readonly safe: string; readonly open: string }) =>
  z.url().refine((text) => {
    if (!URL.canParse(text)) return true;
    const { protocol, hostname } = new URL(text);
    return protocol === schemes.safe || (protocol === schemes.open && LOOPBACK.test(hostname));
  }, `has to begin with ${schemes.safe}//, but for this very machine`);

const seconds = (from: number, to: number, usual: number) =>
  z.coerce.number().min(from).max(to).default(usual);

const Settings = z.object({
  AUSCULTA_URL: safeUrl({ safe: 'https:', open: 'http:' }),
  AUSCULTA_MQTT_URL: safeUrl({ safe: 'mqtts:', open: 'mqtt:' }),
  AUSCULTA_WATCHDOG_TOKEN_FILE: z.string().min(1),
  AUSCULTA_WATCHDOG_EVERY_S: seconds(0.1, 60, 10),
  AUSCULTA_WATCHDOG_PATIENCE_S: seconds(0.1, 30, 5),
  AUSCULTA_WATCHDOG_MAIL_RELAY: z.url({ protocol: /^smtps?$/ }).optional(),
  AUSCULTA_WATCHDOG_MAIL_FROM: z.email().optional(),
  AUSCULTA_WATCHDOG_MAIL_TO: z.email().optional(),
  AUSCULTA_WATCHDOG_HOOK: safeUrl({ safe: 'https:', open: 'http:' }).optional(),
  AUSCULTA_WATCHDOG_HOOK_SECRET_FILE: z.string().min(1).optional(),
  AUSCULTA_WATCHDOG_HEARTBEAT: safeUrl({ safe: 'https:', open: 'http:' }).optional(),
});

export interface WatchdogSettings {
  readonly url: string;
  readonly mqttUrl: string;
  readonly tokenFile: string;
  readonly everyMs: number;
  readonly patienceMs: number;
  readonly mail: { readonly relay: string; readonly from: string; readonly to: string } | undefined;
  readonly hook: { readonly url: string; readonly secretFile: string } | undefined;
  /** Somewhere outside that calls when this stops calling it. */
  readonly heartbeat: string | undefined;
}

/** The second: what is wrong, a line each. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): readonly [WatchdogSettings | undefined, readonly string[]] {
  const said = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = Settings.safeParse(said);
  if (!read.success)
    return [
      undefined,
      read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ];
  const settings = read.data;
  const mail = wholeOf(
    settings.AUSCULTA_WATCHDOG_MAIL_RELAY,
    settings.AUSCULTA_WATCHDOG_MAIL_FROM,
    settings.AUSCULTA_WATCHDOG_MAIL_TO,
  );
  const hook = wholeOf(
    settings.AUSCULTA_WATCHDOG_HOOK,
    settings.AUSCULTA_WATCHDOG_HOOK_SECRET_FILE,
  );
  const wrong = [
    ...(mail === 'half' ? ['AUSCULTA_WATCHDOG_MAIL_RELAY, _FROM and _TO belong together.'] : []),
    ...(hook === 'half' ? ['AUSCULTA_WATCHDOG_HOOK and _HOOK_SECRET_FILE belong together.'] : []),
    ...(mail === undefined && hook === undefined
      ? ['Nobody would be called: set AUSCULTA_WATCHDOG_MAIL_… or AUSCULTA_WATCHDOG_HOOK.']
      : []),
  ];
  if (wrong.length > 0 || mail === 'half' || hook === 'half') return [undefined, wrong];
  const [relay = '', from = '', to = ''] = mail ?? [];
  const [url = '', secretFile = ''] = hook ?? [];
  return [
    {
      url: settings.AUSCULTA_URL,
      mqttUrl: settings.AUSCULTA_MQTT_URL,
      tokenFile: settings.AUSCULTA_WATCHDOG_TOKEN_FILE,
      everyMs: settings.AUSCULTA_WATCHDOG_EVERY_S * 1_000,
      patienceMs: settings.AUSCULTA_WATCHDOG_PATIENCE_S * 1_000,
      mail: mail && { relay, from, to },
      hook: hook && { url, secretFile },
      heartbeat: settings.AUSCULTA_WATCHDOG_HEARTBEAT,
    },
    [],
  ];
}

function wholeOf(
  ...parts: readonly (string | undefined)[]
): readonly string[] | 'half' | undefined {
  const said = parts.filter((part) => part !== undefined);
  if (said.length === 0) return undefined;
  return said.length === parts.length ? said : 'half';
}
