/** Branded ids: a value of one of these types is proof that somebody looked at the text. */
export type OrganisationId = string & { readonly __brand: 'OrganisationId' };
export type SubjectId = string & { readonly __brand: 'SubjectId' };
export type AccountId = string & { readonly __brand: 'AccountId' };
export type DeviceId = string & { readonly __brand: 'DeviceId' };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Device ids travel in MQTT topics and URLs, so they hold none of `/ + # $` and no blanks. */
const DEVICE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{1,63}$/;

export function parseOrganisationId(text: string): OrganisationId | undefined {
  return UUID.test(text) ? (text as OrganisationId) : undefined;
}

export function parseSubjectId(text: string): SubjectId | undefined {
  return UUID.test(text) ? (text as SubjectId) : undefined;
}

export function parseAccountId(text: string): AccountId | undefined {
  return UUID.test(text) ? (text as AccountId) : undefined;
}

export function parseDeviceId(text: string): DeviceId | undefined {
  return DEVICE_ID.test(text) ? (text as DeviceId) : undefined;
}
