/** What can be subscribed to. Names of our own are URNs: they promise no page. */
export const TOPICS = {
  /** An alarm was raised, acknowledged, came back or ended. */
  alarm: 'urn:ausculta:topic:alarm',
  /** A reading or a written Observation is beyond a limit that the subscriber names. */
  overLimit: 'urn:ausculta:topic:observation-over-limit',
  /** A Task was written. */
  task: 'urn:ausculta:topic:task',
  /** A resource of the type that the filter names was written or deleted. */
  written: 'urn:ausculta:topic:document-written',
} as const;

export type Topic = keyof typeof TOPICS;

export function topicOf(canonical: string | undefined): Topic | undefined {
  const [bare] = (canonical ?? '').split('|');
  return (Object.keys(TOPICS) as Topic[]).find((topic) => TOPICS[topic] === bare);
}

/** Of which type a filter of the topic speaks; undefined: of any that it names. */
export const FILTERED_TYPE: Readonly<Record<Topic, string | undefined>> = {
  alarm: 'Flag',
  overLimit: 'Observation',
  task: 'Task',
  written: undefined,
};

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport';

/** The guide "Subscriptions R5 Backport", 1.1.0, for R4. */
export const GUIDE = {
  FILTER: `${BACKPORT}/StructureDefinition/backport-filter-criteria`,
  HEARTBEAT: `${BACKPORT}/StructureDefinition/backport-heartbeat-period`,
  TIMEOUT: `${BACKPORT}/StructureDefinition/backport-timeout`,
  MAX_COUNT: `${BACKPORT}/StructureDefinition/backport-max-count`,
  CONTENT: `${BACKPORT}/StructureDefinition/backport-payload-content`,
  STATUS_PROFILE: `${BACKPORT}/StructureDefinition/backport-subscription-status-r4`,
  NOTIFICATION_PROFILE: `${BACKPORT}/StructureDefinition/backport-subscription-notification-r4`,
} as const;
