-- The severity an incident has now, so that the worst is found first however many are open. What a body that
-- cannot be read says is taken for the worst.
ALTER TABLE incidents ADD COLUMN rank INTEGER NOT NULL DEFAULT 1;
UPDATE incidents SET rank = CAST(substr(CAST(body AS TEXT), instr(CAST(body AS TEXT), '"severity":"P') + 13, 1) AS INTEGER)
  WHERE instr(CAST(body AS TEXT), '"severity":"P') > 0;
CREATE INDEX incidents_by_rank ON incidents (state, rank, opened_at, id);
