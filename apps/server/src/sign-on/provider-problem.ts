/** What the log may say of a provider's refusal: a word of these lists, and never what it has written itself. */
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';
import { NotReached } from '../outgoing/fetch-by.ts';

/** RFC 6749 (4.1.2.1, 5.2) and OpenID Connect Core (3.1.2.6). */
const OF_PROVIDERS = [
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client'],
  ...['unsupported_grant_type', 'invalid_scope', 'access_denied', 'unsupported_response_type'],
  ...['server_error', 'temporarily_unavailable', 'interaction_required', 'login_required'],
  ...['account_selection_required', 'consent_required'],
];

/** Of the library, and of the file in which our secret or key is. */
const OF_OURS = [
  ...['OAUTH_INVALID_RESPONSE', 'OAUTH_INVALID_REQUEST', 'OAUTH_PARSE_ERROR'],
  ...['OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_TIMEOUT'],
  ...['OAUTH_HTTP_REQUEST_FORBIDDEN', 'OAUTH_REQUEST_PROTOCOL_FORBIDDEN'],
  ...['OAUTH_JWT_TIMESTAMP_CHECK_FAILED', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
  ...['OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED', 'OAUTH_KEY_SELECTION_FAILED'],
  ...['OAUTH_MISSING_SERVER_METADATA', 'OAUTH_INVALID_SERVER_METADATA'],
  ...['OAUTH_UNSUPPORTED_OPERATION', 'OAUTH_WWW_AUTHENTICATE_CHALLENGE'],
  ...['ENOENT', 'EACCES', 'ENOTDIR', 'EISDIR'],
];

export class ProviderProblem extends Error {
  readonly code: string;

  constructor(error: unknown) {
    super('a provider of accounts refused, or was not understood');
    this.code = codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError)
    return OF_PROVIDERS.find((word) => word === error.error) ?? 'refused';
  if (!(error instanceof Error)) return 'refused';
  if (error instanceof NotReached) return error.why;
  const code: unknown = Reflect.get(error, 'code');
  return OF_OURS.find((word) => word === code) ?? codeOf(error.cause);
}
