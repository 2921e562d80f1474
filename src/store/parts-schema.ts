/** The calls a decision consists of, each written before it is made. */
export const partsSchema = `
create table execution_parts (
  tenant_id text not null,
  decision_id text not null,
  number integer not null,
  action_id text not null,
  verb text not null,
  target text not null,
  request jsonb not null,
  state text not null,
  attempts integer not null default 0,
  total integer not null,
  done integer not null default 0,
  called_at timestamptz,
  due_at timestamptz,
  external jsonb,
  message text,
  primary key (decision_id, number)
);
create index execution_parts_by_action on execution_parts (action_id, decision_id, number);
`;
