-- A document is looked up by its id first. Several indexes began with the organisation, and a plan that was
-- made while the table was small may have chosen any of them: it then walked all documents for one.
ALTER TABLE fhir_document DROP CONSTRAINT fhir_document_pkey;
ALTER TABLE fhir_document ADD PRIMARY KEY (id, type, organisation_id);
