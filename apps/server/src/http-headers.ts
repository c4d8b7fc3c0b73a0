/** What every answer says beside its body: what a browser may do with it. */
import helmet from '@fastify/helmet';
import Fastify from 'fastify';

/** Nothing is loaded from elsewhere, nothing but our own files runs, and no page may frame this one. */
const CONTENT_SECURITY = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  scriptSrcAttr: ["'none'"],
  // Mantine sets sizes and colours in style attributes.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameSrc: ["'none'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
  upgradeInsecureRequests: null,
};

/** A ward's screen sounds, stays awake and fills its monitor; a passkey is shown. Nothing else is asked of a browser. */
const OWN = ['autoplay', 'clipboard-write', 'fullscreen', 'screen-wake-lock'];
const OF_PASSKEYS = ['publickey-credentials-create', 'publickey-credentials-get'];
const NEVER = [
  ...['accelerometer', 'browsing-topics', 'camera', 'display-capture'],
  ...['encrypted-media', 'geolocation', 'gyroscope', 'hid', 'idle-detection', 'local-fonts'],
  ...['magnetometer', 'microphone', 'midi', 'payment', 'picture-in-picture', 'serial', 'usb'],
  ...['window-management', 'xr-spatial-tracking'],
];
const PERMISSIONS = [
  ...[...OWN, ...OF_PASSKEYS].map((name) => `${name}=(self)`),
  ...NEVER.map((name) => `${name}=()`),
].join(', ');

const OF_THE_ANSWER = ['connection', 'content-length', 'content-type', 'date'];

/** The same for every answer: the plugin would write each of them anew for each, a twelfth of a short one. */
export async function securityHeaders(isByTls: boolean): Promise<Record<string, string>> {
  await using sample = Fastify({ logger: false });
  await sample.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY },
    xFrameOptions: { action: 'deny' },
    // Whoever came by TLS once comes by TLS for a year.
    hsts: isByTls,
  });
  // No route: each would have to say who may use it.
  sample.setNotFoundHandler((_request, reply) => reply.send(''));
  const { headers } = await sample.inject('/');
  const security = Object.entries(headers).filter(([name]) => !OF_THE_ANSWER.includes(name));
  return {
    ...Object.fromEntries(security.map(([name, value]) => [name, String(value)])),
    'permissions-policy': PERMISSIONS,
    // Of a patient as much as of a sign-in: nothing of it stays in a browser or a proxy, but files of the build.
    'cache-control': 'no-store',
  };
}
