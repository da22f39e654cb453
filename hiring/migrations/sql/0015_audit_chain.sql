-- The audit log as a chain: each row holds the hash of the one before, so that an edit, a deletion or an insertion breaks it visibly.
-- Whoever owns the database can still rewrite all of it or cut its end: signed anchors outside the database are for that.
alter table audit.events alter column seq drop identity;

-- The end of the chain. Its lock puts appenders in line: a number is given once, and no two rows follow the same one.
create table audit.head (
  is_only boolean primary key default true check (is_only),
  seq bigint not null,
  hash text not null
);

-- Where a purge cut the chain: signed outside the database, so that a deletion cannot pass for a purge.
create table audit.checkpoints (
  seq bigint primary key,                           -- last row of the part that was purged
  hash text not null,                               -- its row_hash, which the next row's prev_hash must repeat
  at timestamptz not null,
  kept_count bigint not null,                       -- rows of that part that are kept longer
  kept_hash text not null,                          -- over their numbers and hashes: they have no neighbours any more
  signature text not null
);

-- A text with its length before it, so that no two rows of different fields make the same bytes.
create function audit.measured(value text) returns text language sql immutable as $$
  select case when value is null then '-' else octet_length(value) || ':' || value end
$$;

-- Without a search path of its own, so that it is inlined: ten times as many rows a second are checked.
create function audit.digest(e audit.events) returns text language sql stable as $$
  select encode(sha256(convert_to(
    e.prev_hash || audit.measured(e.seq::text) || audit.measured((extract(epoch from e.at) * 1000000)::bigint::text)
    || audit.measured(e.actor) || audit.measured(e.actor_type) || audit.measured(host(e.actor_ip)) || audit.measured(e.session_id)
    || audit.measured(e.db_user) || audit.measured(e.tenant_id) || audit.measured(e.action) || audit.measured(e.object_type)
    || audit.measured(e.object_id) || audit.measured(e.subject_ref) || audit.measured(e.reason) || audit.measured(e.request_id)
    || audit.measured(e.outcome) || audit.measured(e.rows_affected::text) || audit.measured(e.before::text)
    || audit.measured(e.after::text), 'UTF8')), 'hex')
$$;

-- Rows from before the chain keep their numbers, which audit packs quote; gaps that refused requests left in them stay.
alter table audit.events disable trigger b_deny;
do $$
declare
  e audit.events;
  last_seq bigint := 0;
  last_hash text := repeat('0', 64);
begin
  for e in select * from audit.events order by seq loop
    e.prev_hash := last_hash;
    last_seq := e.seq;
    last_hash := audit.digest(e);
    update audit.events set prev_hash = e.prev_hash, row_hash = last_hash where seq = e.seq;
  end loop;
  insert into audit.head (seq, hash) values (last_seq, last_hash);
end $$;
alter table audit.events enable trigger b_deny;
alter table audit.events alter column prev_hash set not null, alter column row_hash set not null;

-- The lock on the head lasts until the transaction ends. Writers therefore insert here last: whoever holds the head waits for nobody.
create function audit.chain() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
declare
  last audit.head;
begin
  select * into strict last from audit.head for update;
  new.seq := last.seq + 1;
  new.at := clock_timestamp();
  new.db_user := session_user;
  new.prev_hash := last.hash;
  new.row_hash := '';
  new.row_hash := audit.digest(new);
  update audit.head set seq = new.seq, hash = new.row_hash;
  return new;
end $$;

drop trigger a_stamp on audit.events;
drop function audit.stamp();
create trigger a_chain before insert on audit.events for each row execute function audit.chain();

create or replace function audit.deny() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('audit.is_purging', true) = 'on' then
    return old;                                     -- only audit.purge sets it, and only the owner holds the right to delete
  end if;
  raise exception 'audit.events is append-only';
end $$;

-- Who was granted what is kept a year longer than the rest.
create function audit.is_grant(action text) returns boolean language sql immutable as $$
  select action like 'membership.%' or action like 'user.%' or action like 'api_key.%'
$$;

create function audit.kept_hash(cut bigint) returns text language sql stable set search_path = pg_catalog as $$
  select encode(sha256(convert_to(coalesce(string_agg(seq || ':' || row_hash, ',' order by seq), ''), 'UTF8')), 'hex')
  from audit.events where seq <= cut
$$;

create function audit.purge(cut bigint, grants_before timestamptz) returns bigint
language plpgsql set search_path = pg_catalog set audit.is_purging = 'on' as $$
declare
  deleted bigint;
begin
  delete from audit.events where seq <= cut and (not audit.is_grant(action) or at < grants_before);
  get diagnostics deleted = row_count;
  return deleted;
end $$;

-- What is wrong with the rows from a number on, and with the head; the first row of the answer is the first bad one. Empty: all is well.
create function audit.verify(from_seq bigint default 0) returns table (bad_seq bigint, why text)
language sql stable set search_path = pg_catalog as $$
  with cut as (
    select seq, hash, kept_count, kept_hash from audit.checkpoints
    union all
    select 0, repeat('0', 64), 0, encode(sha256(''), 'hex')
    order by seq desc limit 1
  ),
  behind as (select coalesce(max(seq), 0) as seq from audit.events where seq < from_seq),
  chain as (
    select e.seq, e.prev_hash, e.row_hash, audit.digest(e) as digest, cut.seq as cut_seq,
           case when lag(e.seq) over neighbours > cut.seq then lag(e.row_hash) over neighbours
                when behind.seq <= cut.seq then cut.hash end as expected
    from audit.events e cross join cut cross join behind
    where e.seq >= least(behind.seq, from_seq)
    window neighbours as (order by e.seq)
  ),
  finish as (
    select coalesce(last.seq, cut.seq) as seq, coalesce(last.row_hash, cut.hash) as hash
    from cut
    left join lateral (select e.seq, e.row_hash from audit.events e where e.seq > cut.seq order by e.seq desc limit 1) as last on true
  )
  select seq, 'its content does not match its hash: it was edited' from chain where seq >= from_seq and row_hash <> digest
  union all
  select seq, 'it does not follow the row before it: a row was deleted, inserted or replaced'
  from chain where seq >= from_seq and seq > cut_seq and expected is not null and prev_hash <> expected
  union all
  select cut.seq, 'the rows kept from before the purge up to here are not those it signed for'
  from cut where kept_hash <> audit.kept_hash(cut.seq)
  union all
  select least(finish.seq, head.seq) + 1, 'the head names row ' || head.seq || ', the log ends with row ' || finish.seq
  from finish cross join audit.head where head.seq <> finish.seq
  union all
  select finish.seq, 'the head names another hash of the last row'
  from finish cross join audit.head where head.seq = finish.seq and head.hash <> finish.hash
  union all
  select 1, 'the head is missing' where not exists (select from audit.head)
  order by 1
$$;

revoke all on function audit.purge(bigint, timestamptz), audit.verify(bigint) from public;
grant select on audit.head to warehouse_reader;     -- the anchor's login: the end of the chain and nothing else of it
