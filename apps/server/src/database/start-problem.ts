/**
 * Why the server cannot start, in one line that ends with the mend.
 *
 * The one place where a failure of the world is thrown instead of returned: a start either succeeds
 * or ends the process, so no step of it has anything to decide. `main.ts` prints the message, without
 * a stack, and exits. The message never holds a password.
 */
export type StartProblemCode =
  | 'DATA_DIRECTORY_UNUSABLE'
  | 'DATA_DIRECTORY_IN_USE'
  | 'DISK_RESERVE_REACHED'
  | 'POSTGRES_BINARIES_MISSING'
  | 'POSTGRES_USER_MISSING'
  | 'POSTGRES_DID_NOT_START'
  | 'POSTGRES_DATA_VERSION'
  | 'POSTGRES_SECRETS_UNUSABLE'
  | 'PORT_TAKEN'
  | 'TLS_UNUSABLE'
  | 'HL7_DOOR_UNUSABLE'
  | 'PHD_DOOR_UNUSABLE'
  | 'WRITE_BACK_UNUSABLE'
  | 'CALLING_UNUSABLE'
  | 'SIGN_ON_UNUSABLE'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_REFUSED_LOGIN'
  | 'DATABASE_MISSING'
  | 'DATABASE_VERSION'
  | 'DATABASE_NOT_DURABLE'
  | 'DATABASE_ROLE_TOO_STRONG'
  | 'DATABASE_UNSUITABLE'
  | 'SCHEMA_NEWER'
  | 'SCHEMA_CHANGED'
  | 'MASTER_KEY_UNUSABLE'
  | 'KEY_STORE_UNUSABLE'
  | 'BACKUP_UNUSABLE'
  | 'RESTORE_TARGET_NOT_EMPTY'
  | 'AUDIT_HOOK_UNUSABLE'
  | 'LOGIN_UNKNOWN';

export class StartProblem extends Error {
  readonly code: StartProblemCode;

  constructor(code: StartProblemCode, message: string, cause?: unknown) {
    super(message.replace(/\s+/g, ' ').trim(), cause === undefined ? undefined : { cause });
    this.name = 'StartProblem';
    this.code = code;
  }
}

/** The code of a system or PostgreSQL error: 'EACCES', '28P01'. Empty for anything else. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
