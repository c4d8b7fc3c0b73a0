-- Documents that do not open have -1 for the mark of their index: whoever searches is told of them.
CREATE INDEX fhir_document_damaged ON fhir_document (organisation_id, type, doc) WHERE indexed = -1;
