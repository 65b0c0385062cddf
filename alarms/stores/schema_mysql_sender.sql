-- As schema_sender.sql has it: who sent what came in.
ALTER TABLE receipts ADD COLUMN sender VARCHAR(255) NOT NULL DEFAULT '';
