/**
 * The schema, one step after another; a step that was released is never changed. Run by one proxy at a time,
 * in one transaction (database.ts).
 *
 * `messages.available_at` is the heart of it: the time from which a pending message may be claimed. It is when
 * the message was queued, when its deferral ends, or when the lease of the process that claimed it ends. So the
 * ready messages of a lane (account, priority) are one range of one index, whatever the backlog, the deferred
 * and the claimed beside them; and a process that was killed gives its messages back by doing nothing.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tenants (
    id text PRIMARY KEY,
    name text,
    active boolean NOT NULL DEFAULT true,
    client_base_url text,
    client_sync_path text,
    client_attachment_path text,
    client_auth jsonb,
    api_key_sha256 bytea UNIQUE,
    -- batch codes, '*' for all
    suspended_batches text[] NOT NULL DEFAULT '{}',
    -- the state of its sync is shared by all proxies, and outlives them
    next_sync_at timestamptz NOT NULL DEFAULT now(),
    last_sync_at timestamptz,
    in_dnd boolean NOT NULL DEFAULT false,
    sync_failures int NOT NULL DEFAULT 0,
    -- the id of the call, until its lease ends
    sync_claim uuid,
    sync_claim_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX tenants_sync_due ON tenants (next_sync_at) WHERE active AND client_base_url IS NOT NULL;

  CREATE TABLE accounts (
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id text NOT NULL,
    host text NOT NULL,
    port int NOT NULL,
    user_name text,
    password text,
    tls text NOT NULL CHECK (tls IN ('none', 'starttls', 'implicit')),
    batch_size int,
    limit_per_minute int,
    limit_per_hour int,
    limit_per_day int,
    limit_behavior text NOT NULL CHECK (limit_behavior IN ('defer', 'reject')),
    -- set when the rate limit was hit: nothing is claimed before
    blocked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
  );

  CREATE TABLE messages (
    pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id text NOT NULL,
    account_id text NOT NULL,
    priority smallint NOT NULL,
    batch_code text,
    -- 'refused' never entered the queue, and may be submitted again
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'error', 'refused')),
    -- its batch is suspended; a suspension of all is asked of the tenant
    held boolean NOT NULL DEFAULT false,
    available_at timestamptz NOT NULL DEFAULT now(),
    -- the claim that holds it, until available_at
    claim uuid,
    -- claims without any outcome: a message that kills every process that takes it shows here
    claims smallint NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,
    -- recipients that are done with, of a message that some refused: address, or address and why
    recipients_done jsonb,
    payload text NOT NULL,
    payload_bytes int NOT NULL,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    UNIQUE (tenant_id, id)
  );
  CREATE INDEX messages_ready ON messages (tenant_id, account_id, priority, available_at)
    WHERE state = 'pending' AND NOT held;
  CREATE INDEX messages_batch ON messages (tenant_id, batch_code) WHERE state = 'pending' AND batch_code IS NOT NULL;
  CREATE INDEX messages_done ON messages (done_at) WHERE state <> 'pending';
  -- many updates per row: room for the new versions, and vacuum before the old ones are in the way
  ALTER TABLE messages SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

  -- An event outlives its message: a report is owed even when the message was deleted.
  CREATE TABLE message_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    message_pk bigint NOT NULL,
    message_id text NOT NULL,
    type text NOT NULL CHECK (type IN ('sent', 'error', 'deferred')),
    at timestamptz NOT NULL DEFAULT now(),
    -- of a deferral: when it is tried again
    until timestamptz,
    description text,
    -- of a message that some recipients refused: those, and why
    recipients jsonb,
    reported_at timestamptz
  );
  CREATE INDEX message_events_unreported ON message_events (tenant_id, id) WHERE reported_at IS NULL;
  CREATE INDEX message_events_of_message ON message_events (message_pk, id);
  CREATE INDEX message_events_at ON message_events (at);

  -- One row per message sent or being sent on an account with limits.
  CREATE TABLE rate_slots (
    message_pk bigint PRIMARY KEY,
    tenant_id text NOT NULL,
    account_id text NOT NULL,
    taken_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts ON DELETE CASCADE
  );
  CREATE INDEX rate_slots_of_account ON rate_slots (tenant_id, account_id, taken_at);
  `,
  `
  -- what a tenant has set with its own key may not name private networks
  ALTER TABLE tenants ADD COLUMN client_fenced boolean NOT NULL DEFAULT false;
  ALTER TABLE accounts ADD COLUMN fenced boolean NOT NULL DEFAULT false;
  `,
  `
  -- One row per transaction, not per message: a message may need several (RFC 5321 4.5.3.1.10). What was taken
  -- before counts as mailed.
  ALTER TABLE rate_slots DROP CONSTRAINT rate_slots_pkey;
  ALTER TABLE rate_slots
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- the claim that took it
    ADD COLUMN claim uuid,
    -- false: reserved, MAIL has not gone out, and taken_at is the time by which it will have, or will not be sent
    ADD COLUMN mailed boolean NOT NULL DEFAULT true;
  CREATE INDEX rate_slots_reserved ON rate_slots (message_pk) WHERE NOT mailed;
  `,
  `
  -- of all accounts of a tenant together
  ALTER TABLE tenants ADD COLUMN limit_per_hour int, ADD COLUMN limit_per_day int, ADD COLUMN large_files jsonb;
  CREATE INDEX rate_slots_of_tenant ON rate_slots (tenant_id, taken_at);

  -- An attachment that became a link: the file is named by the id, which nobody can guess.
  CREATE TABLE large_files (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    message_pk bigint NOT NULL,
    -- of the attachment in its message: another attempt has the same link
    position int NOT NULL,
    content_type text,
    expires_at timestamptz NOT NULL,
    UNIQUE (message_pk, position)
  );
  CREATE INDEX large_files_expired ON large_files (expires_at);

  -- What changed something, by whom it was asked for, as it was answered.
  CREATE TABLE command_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    endpoint text NOT NULL,
    tenant_id text,
    payload text NOT NULL,
    -- the payload was too large to be kept
    cut boolean NOT NULL DEFAULT false,
    response_status int NOT NULL,
    response_body text
  );
  CREATE INDEX command_log_at ON command_log (at);

  -- One row: what the proxies on this database share.
  CREATE TABLE instance (
    id int PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  INSERT INTO instance DEFAULT VALUES;
  `,
  `
  ALTER TABLE message_events DROP CONSTRAINT message_events_type_check;
  ALTER TABLE message_events ADD CONSTRAINT message_events_type_check
    CHECK (type IN ('sent', 'error', 'deferred', 'bounce'));
  -- of a bounce: recipient, type, code, reason
  ALTER TABLE message_events ADD COLUMN bounce jsonb;
  CREATE UNIQUE INDEX message_events_bounce ON message_events (message_pk, (bounce->>'recipient'), (bounce->>'type'))
    WHERE type = 'bounce';
  ALTER TABLE instance ADD COLUMN bounce_claimed_until timestamptz, ADD COLUMN bounce_last_sync timestamptz,
    ADD COLUMN bounce_last_uid bigint NOT NULL DEFAULT 0, ADD COLUMN bounce_uidvalidity text;
  `,
]
