/**
 * Seals of the audit record. Nothing is added to audit_events, which would have to be locked or written anew, and nothing to the path of a click.
 * Events leave only by retention: in a transaction that says so, and only where a retention seal covers them. Whoever may drop a trigger can do
 * more; that is what the chain is for.
 */
export const seals = `
create table audit_seals (
  tenant_id text not null,
  number bigint not null,
  kind text not null,
  first_seq bigint not null,
  last_seq bigint not null,
  count bigint not null,
  digest text not null,
  marks bytea not null,
  previous text not null,
  at timestamptz not null,
  through_number bigint,
  through_hash text,
  key_id text,
  signature text,
  hash text not null,
  primary key (tenant_id, number)
);
create index audit_seals_retention on audit_seals (tenant_id, last_seq) where kind = 'retention';

-- The newest seal of each chain; its row lock makes sure that one process seals at a time.
create table audit_heads (
  tenant_id text primary key,
  number bigint not null,
  hash text not null,
  last_seq bigint not null
);

create or replace function refuse_audit_change() returns trigger language plpgsql as $body$
begin
  if tg_op = 'DELETE' and current_setting('countersign.retention', true) = 'on' then
    if exists (select 1 from audit_seals s where s.tenant_id = old.tenant_id and s.kind = 'retention' and s.last_seq >= old.seq) then
      return old;
    end if;
  end if;
  raise exception '% is append-only: % is refused', tg_table_name, tg_op;
end
$body$;
create function refuse_seal_change() returns trigger language plpgsql as $body$
begin
  if tg_op = 'DELETE' and current_setting('countersign.retention', true) = 'on' then
    if exists (select 1 from audit_seals s where s.tenant_id = old.tenant_id and s.kind = 'retention' and s.through_number >= old.number) then
      return old;
    end if;
  end if;
  raise exception '% is append-only: % is refused', tg_table_name, tg_op;
end
$body$;
create trigger seals_append_only before update or delete on audit_seals for each row execute function refuse_seal_change();
create trigger seals_no_truncate before truncate on audit_seals for each statement execute function refuse_seal_change();
`;
