import { type AccessPorts, openAccess } from './access/open-access.ts';
import type { Viewers } from './access/viewers.ts';
import { type KeptConsents, keepingConsents, readConsents } from './fhir/consents-kept.ts';
import type { DocumentKeys } from './fhir/document.ts';
import type { Repository } from './fhir/repository.ts';
import type { WriteWatch } from './fhir/write-watch.ts';

/** Who sees whom; what a person has consented to is kept up as it is written. */
export async function openViewers(
  ports: AccessPorts & {
    readonly keys: DocumentKeys;
    readonly repository: Repository;
    readonly documents: WriteWatch;
  },
): Promise<Viewers> {
  const viewers = await openAccess(ports);
  const { standing } = viewers.gate;
  const kept: KeptConsents = {
    setConsent: (house, id, consent) => standing.setConsent(house, id, consent),
    endConsent: (house, id) => standing.endConsent(house, id),
  };
  await readConsents(ports.sql, ports.keys, kept);
  ports.repository.watchedBy(keepingConsents(ports.documents, kept));
  return viewers;
}
