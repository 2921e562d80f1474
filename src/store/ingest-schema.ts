/** How far each source of Defender was read, and which process reads it. */
export const ingestSchema = `
create table ingest_marks (
  tenant_id text not null,
  source text not null,
  since timestamptz not null,
  through timestamptz not null,
  reading jsonb,
  caught_up_at timestamptz,
  holder text,
  lease_until timestamptz,
  primary key (tenant_id, source)
);
`;
