/** A certificate as text (RFC 7468). */
const LINE = /.{1,64}/g;

export function pemOf(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate).toString('base64').match(LINE) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
