/** Where signed heads of the audit are sent as well. */
import { z } from 'zod';
import { parsePrefixes } from '../outgoing/endpoints.ts';
import { isConfidential, orIssue } from '../setting-forms.ts';

export interface AuditHook {
  readonly url: string;
  readonly secretFile: string;
  /** Whether its name may lead to a private address. */
  readonly mayBePrivate: boolean;
}

export const AUDIT_HOOK_SETTINGS = {
  AUSCULTA_AUDIT_HOOK: z.string().optional().transform(orIssue(parseHook, 'is no https address')),
  AUSCULTA_AUDIT_HOOK_SECRET_FILE: z.string().optional(),
  AUSCULTA_AUDIT_HOOK_PRIVATE: z.enum(['0', '1']).default('0'),
};

export const AUDIT_HOOK_MENDS = {
  AUSCULTA_AUDIT_HOOK:
    'Set it to the https address (http is for this machine alone) that takes signed heads of the audit, such as https://witness.example/heads, or leave it unset.',
  AUSCULTA_AUDIT_HOOK_SECRET_FILE:
    'Set it to the file that holds whsec_ and 24 to 64 bytes in base64.',
  AUSCULTA_AUDIT_HOOK_PRIVATE: 'Set it to 1 where that name leads to a private address.',
} as const;

export interface AuditHookGiven {
  readonly AUSCULTA_AUDIT_HOOK?: string | undefined;
  readonly AUSCULTA_AUDIT_HOOK_SECRET_FILE?: string | undefined;
  readonly AUSCULTA_AUDIT_HOOK_PRIVATE: '0' | '1';
}

export function auditHookConflicts(given: AuditHookGiven): string[] {
  const { AUSCULTA_AUDIT_HOOK: url, AUSCULTA_AUDIT_HOOK_SECRET_FILE: file } = given;
  if ((url === undefined) === (file === undefined)) return [];
  return [
    'AUSCULTA_AUDIT_HOOK and AUSCULTA_AUDIT_HOOK_SECRET_FILE belong together. Set both, or neither.',
  ];
}

export function auditHookOf(given: AuditHookGiven): AuditHook | undefined {
  const { AUSCULTA_AUDIT_HOOK: url, AUSCULTA_AUDIT_HOOK_SECRET_FILE: secretFile } = given;
  if (url === undefined || secretFile === undefined) return undefined;
  return { url, secretFile, mayBePrivate: given.AUSCULTA_AUDIT_HOOK_PRIVATE === '1' };
}

/** One address, as those of subscribers are listed. */
function parseHook(text: string): string | undefined {
  const [one, ...others] = parsePrefixes(text) ?? [];
  if (one === undefined || others.length > 0) return undefined;
  const url = new URL(text.trim());
  return isConfidential(url) ? url.href : undefined;
}
