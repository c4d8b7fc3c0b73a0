/** A device's certificates and what happened to its identity, in words. */
import type { CertificateView, IdentityEvent } from '@ausculta/contract/device-identity';

const DAY_MS = 86_400_000;

/** Of a certificate's life two thirds; then a device that is well has asked for the next. */
const RENEWS_AFTER = 2 / 3;

export interface CertificateState {
  readonly kind: 'good' | 'to-renew' | 'expired' | 'revoked';
  readonly words: string;
}

export function certificateState(
  { from, until, revoked }: CertificateView,
  now: { readonly nowMs: number; readonly moment: (atMs: number) => string },
): CertificateState {
  const { nowMs, moment } = now;
  if (revoked !== null) {
    const since = moment(Date.parse(revoked.at));
    return { kind: 'revoked', words: `${REVOKED[revoked.because]}, ${since}` };
  }
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
  if (nowMs >= untilMs) return { kind: 'expired', words: 'Its time is over' };
  const renewMs = fromMs + (untilMs - fromMs) * RENEWS_AFTER;
  if (nowMs < renewMs) {
    return { kind: 'good', words: `Good; the device renews it from ${moment(renewMs)} on` };
  }
  const days = Math.floor((untilMs - nowMs) / DAY_MS);
  const left = days === 0 ? 'less than a day' : `${days} ${days === 1 ? 'day' : 'days'}`;
  return { kind: 'to-renew', words: `Good for ${left} more, and not renewed yet` };
}

const REVOKED: Readonly<Record<'compromised' | 'superseded' | 'withdrawn', string>> = {
  compromised: 'Revoked, because somebody else may have its key',
  superseded: 'Revoked, because another took its place',
  withdrawn: 'Revoked, because it is not needed any more',
};

const REFUSED: Readonly<Record<string, string>> = {
  unknown: 'a certificate that is not listed here',
  revoked: 'a certificate that was revoked',
  expired: 'a certificate whose time is over',
  'out-of-use': 'the device is out of use',
  'wrong-token': 'a wrong token',
  'wrong-claim-code': 'a wrong claim code',
  'wrong-authority': 'a certificate of another authority',
  'self-signed': 'a certificate that signs itself',
  'wrong-purpose': 'a certificate that is not for devices',
  'not-verified': 'a certificate that could not be verified',
  'other-name': 'the certificate of another device',
};

const ACTS: Readonly<Record<string, string>> = {
  'device-claim-made': 'A claim code was made',
  'device-certified': 'It got a certificate',
  'device-certificate-revoked': 'A certificate was revoked',
  'device-refused': 'Somebody was refused under its name',
  'device-in-two-places': 'Two machines used its identity in turn',
};

export function eventWords({ act, because }: Pick<IdentityEvent, 'act' | 'because'>): string {
  const what = ACTS[act] ?? act;
  if (act !== 'device-refused' || because === null) return what;
  return `${what}: ${REFUSED[because] ?? because}`;
}
