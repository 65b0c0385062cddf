-- By what an open incident is found as the cause or the symptom of another, and what else is asked often,
-- however many are open.
ALTER TABLE incidents ADD COLUMN bears TEXT; -- of what component it is the fault, unless something explains it
ALTER TABLE incidents ADD COLUMN leans TEXT; -- what it is trouble of, unless something explains it
ALTER TABLE incidents ADD COLUMN cause TEXT; -- the incident that explains it
UPDATE incidents SET
  bears = CASE WHEN json_extract(CAST(body AS TEXT), '$.cause_id') IS NULL
                AND json_extract(CAST(body AS TEXT), '$.slo_id') IS NULL
    THEN substr(environment || ' component ' || json_extract(CAST(body AS TEXT), '$.component'), 1, 255) END,
  leans = CASE WHEN json_extract(CAST(body AS TEXT), '$.cause_id') IS NULL
    THEN substr(COALESCE(environment || ' slo ' || json_extract(CAST(body AS TEXT), '$.slo_id'),
                         environment || ' component ' || json_extract(CAST(body AS TEXT), '$.component')), 1, 255) END,
  cause = json_extract(CAST(body AS TEXT), '$.cause_id')
  WHERE state <> 'resolved' AND json_valid(CAST(body AS TEXT));
CREATE INDEX incidents_bearing ON incidents (bears, rank, opened_at, id) WHERE bears IS NOT NULL;
CREATE INDEX incidents_leaning ON incidents (leans, rank, opened_at, id) WHERE leans IS NOT NULL;
CREATE INDEX incidents_explained ON incidents (cause, id) WHERE cause IS NOT NULL;
CREATE INDEX outbox_by_age ON outbox (created_at) WHERE state IN ('pending', 'sending');
CREATE INDEX outbox_by_attempt ON outbox (COALESCE(lease_until, next_attempt_at))
  WHERE state IN ('pending', 'sending');
CREATE INDEX silences_by_end ON silences (ends_at);
