-- The severity router's store, as schema.sql has it, in what MySQL 8 and MariaDB have in common.
-- What comes from outside has no length of its own; an index takes its beginning.
CREATE TABLE IF NOT EXISTS turn (
  id TINYINT NOT NULL PRIMARY KEY
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS incidents (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  `key` MEDIUMTEXT NOT NULL,
  environment MEDIUMTEXT NOT NULL,
  name MEDIUMTEXT NOT NULL, -- of the alert
  p1 TINYINT NOT NULL, -- when it was opened
  state VARCHAR(16) NOT NULL,
  opened_at BIGINT NOT NULL,
  body LONGBLOB NOT NULL,
  KEY incidents_by_opening (environment(100), opened_at),
  KEY incidents_by_key (`key`(64), opened_at),
  KEY incidents_by_state (state, opened_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS transitions (
  incident_id VARCHAR(64) NOT NULL,
  number INT NOT NULL,
  body LONGBLOB NOT NULL,
  PRIMARY KEY (incident_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS decisions (
  sequence BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  incident_id VARCHAR(64) NOT NULL,
  body LONGBLOB NOT NULL,
  KEY decisions_by_incident (incident_id, sequence)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS alerts (
  member VARCHAR(64) NOT NULL PRIMARY KEY,
  incident_id VARCHAR(64) NOT NULL,
  source VARCHAR(255) NOT NULL,
  state VARCHAR(16) NOT NULL,
  `rank` TINYINT NOT NULL,
  body LONGBLOB NOT NULL,
  KEY alerts_firing (source, state),
  KEY alerts_by_incident (incident_id, state, `rank`)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS timers (
  incident_id VARCHAR(64) NOT NULL,
  kind VARCHAR(32) NOT NULL,
  deadline BIGINT NOT NULL,
  step INT NOT NULL,
  PRIMARY KEY (incident_id, kind),
  KEY timers_by_deadline (deadline, incident_id, kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS outbox (
  sequence BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  dedup_id VARCHAR(64) NOT NULL,
  incident_id VARCHAR(64) NOT NULL,
  target MEDIUMTEXT NOT NULL,
  channel MEDIUMTEXT NOT NULL,
  `rank` TINYINT NOT NULL,
  created_at BIGINT NOT NULL,
  notification LONGBLOB NOT NULL,
  state VARCHAR(16) NOT NULL,
  next_attempt_at BIGINT NOT NULL,
  attempts INT NOT NULL DEFAULT 0,
  fence BIGINT NOT NULL DEFAULT 0,
  worker VARCHAR(255),
  lease_until BIGINT,
  sent_at BIGINT,
  provider_id MEDIUMTEXT,
  last_error MEDIUMTEXT,
  UNIQUE KEY outbox_dedup (dedup_id),
  KEY outbox_by_incident (incident_id, target(64), channel(64), sequence),
  KEY outbox_by_target (target(64), created_at),
  KEY outbox_waiting (state, `rank`, sequence)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS silences (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  ends_at BIGINT NOT NULL,
  body LONGBLOB NOT NULL,
  KEY silences_by_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS policies (
  id VARCHAR(128) NOT NULL PRIMARY KEY,
  body LONGBLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS receipts (
  id VARCHAR(255) NOT NULL PRIMARY KEY,
  kind VARCHAR(32) NOT NULL,
  received_at BIGINT NOT NULL,
  urgency TINYINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  problem MEDIUMTEXT,
  payload LONGBLOB NOT NULL,
  KEY receipts_pending (state, urgency, received_at, id),
  KEY receipts_by_state (state, received_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS tokens (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  body LONGBLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS heartbeats (
  name VARCHAR(64) NOT NULL PRIMARY KEY,
  since_at BIGINT NOT NULL, -- when it was first expected
  heard_at BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS listening ( -- until when a router was there to be told
  id TINYINT NOT NULL PRIMARY KEY,
  until_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS source_reports (
  name VARCHAR(255) NOT NULL PRIMARY KEY,
  body LONGBLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS duty_overrides (
  id VARCHAR(64) NOT NULL PRIMARY KEY,
  ends_at BIGINT NOT NULL,
  body LONGBLOB NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
