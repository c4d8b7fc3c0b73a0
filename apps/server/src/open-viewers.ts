import { type AccessPorts, openAccess } from './access/open-access.ts';
import type { Viewers } from './access/viewers.ts';
import { type KeptConsents, keepingConsents, readConsents } from './fhir/consents-kept.ts';
import type { DocumentKeys } from './fhir/document.ts';
import type { Repository } from './fhir/repository.ts';
import { type KeptStays, keepingStays, readStays } from './fhir/stays-kept.ts';
import type { WriteWatch } from './fhir/write-watch.ts';

/** Of a stay that is not there any more. */
const NO_TIME = { fromMs: 0, untilMs: 0 };

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
  const { repository, documents } = ports;
  const stays: KeptStays = {
    granted: () => standing.grantedStays(),
    setStay: (of, stay) => standing.setStay(of, stay ?? NO_TIME),
  };
  await readConsents(ports.sql, ports.keys, kept);
  await readStays(repository, stays);
  repository.watchedBy(keepingStays(keepingConsents(documents, kept), repository, stays));
  return viewers;
}
