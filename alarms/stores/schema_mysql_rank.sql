-- As schema_rank.sql has it: the severity an incident has now.
ALTER TABLE incidents
  ADD COLUMN `rank` TINYINT NOT NULL DEFAULT 1,
  ADD KEY incidents_by_rank (state, `rank`, opened_at);
UPDATE incidents SET `rank` = SUBSTR(body, LOCATE('"severity":"P', body) + 13, 1)
  WHERE LOCATE('"severity":"P', body) > 0;
