-- What narrows an export (_typeFilter), sealed under the organisation's key: it may quote a name.
ALTER TABLE fhir_export ADD COLUMN filters bytea;
