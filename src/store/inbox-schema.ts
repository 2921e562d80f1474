/** What somebody decided lately is read from the record of events. Only decisions of people are in this index, so it costs nothing else. */
export const inboxSchema = `
create index audit_decisions_by_person on audit_events (tenant_id, actor_id, seq) where kind in ('decided', 'approved');
`;
