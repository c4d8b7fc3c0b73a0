-- What a device says of itself elsewhere: by which guide FHIR tells of it depends on it.
ALTER TABLE device
  ADD COLUMN kind text CHECK (kind IN ('personal', 'point-of-care')),
  ADD COLUMN manufacturer text CHECK (length(manufacturer) BETWEEN 1 AND 100),
  ADD COLUMN serial_number text CHECK (length(serial_number) BETWEEN 1 AND 100),
  ADD COLUMN system_id text CHECK (system_id ~ '^[0-9A-F]{16}$');
COMMENT ON COLUMN device.kind IS 'A personal health device, or one at the point of care; null: nobody has said.';
COMMENT ON COLUMN device.system_id IS 'EUI-64, as IEEE 11073-20601 has it: sixteen hexadecimal digits.';
