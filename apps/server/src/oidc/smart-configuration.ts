/** What SMART App Launch asks every FHIR server to say of itself: what is true, and nothing else. */
import { DEVICE_GRANT, OWN_WORDS } from './app-words.ts';
import { OIDC_BASE } from './open-oidc.ts';
import { ASSERTION_ALGORITHMS } from './provider.ts';

const CAPABILITIES = [
  ...['launch-ehr', 'launch-standalone'],
  ...['client-public', 'client-confidential-asymmetric', 'sso-openid-connect'],
  ...[
    'context-banner',
    'context-ehr-patient',
    'context-ehr-encounter',
    'context-standalone-patient',
  ],
  ...['permission-offline', 'permission-online', 'permission-patient', 'permission-user'],
  ...['permission-v1', 'permission-v2'],
];

const FHIR_WORDS = ['patient/*.cruds', 'user/*.cruds', 'system/*.cruds'];

export function smartConfiguration(base: string): object {
  const issuer = `${base}${OIDC_BASE}`;
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    device_authorization_endpoint: `${issuer}/device-authorization`,
    management_endpoint: `${base}/account`,
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      DEVICE_GRANT,
    ],
    response_types_supported: ['code'],
    revocation_endpoint: `${issuer}/token/revocation`,
    introspection_endpoint: `${issuer}/token/introspection`,
    scopes_supported: [...OWN_WORDS, ...FHIR_WORDS],
    code_challenge_methods_supported: ['S256'],
    capabilities: CAPABILITIES,
  };
}
