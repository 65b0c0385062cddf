-- Who has proven to send a payload; of what came in before, nobody wrote that down.
ALTER TABLE receipts ADD COLUMN sender TEXT NOT NULL DEFAULT '';
