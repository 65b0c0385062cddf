-- As schema_relations.sql has it: by what an open incident is found as the cause or the symptom of another.
ALTER TABLE incidents
  ADD COLUMN bears VARCHAR(255), -- of what component it is the fault, unless something explains it
  ADD COLUMN leans VARCHAR(255), -- what it is trouble of, unless something explains it
  ADD COLUMN cause VARCHAR(64), -- the incident that explains it
  ADD KEY incidents_bearing (bears, `rank`, opened_at),
  ADD KEY incidents_leaning (leans, `rank`, opened_at),
  ADD KEY incidents_explained (cause);
UPDATE incidents
  SET cause = NULLIF(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(body USING utf8mb4), '$.cause_id')), 'null')
  WHERE state <> 'resolved' AND JSON_VALID(CONVERT(body USING utf8mb4));
UPDATE incidents
  SET leans = LEFT(CONCAT(environment, ' slo ', NULLIF(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(body USING utf8mb4), '$.slo_id')), 'null')), 255)
  WHERE state <> 'resolved' AND JSON_VALID(CONVERT(body USING utf8mb4)) AND cause IS NULL;
UPDATE incidents
  SET bears = LEFT(CONCAT(environment, ' component ', NULLIF(JSON_UNQUOTE(JSON_EXTRACT(CONVERT(body USING utf8mb4), '$.component')), 'null')), 255)
  WHERE state <> 'resolved' AND JSON_VALID(CONVERT(body USING utf8mb4)) AND cause IS NULL AND leans IS NULL;
UPDATE incidents SET leans = bears WHERE bears IS NOT NULL;
