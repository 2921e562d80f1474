/** Actions that were approved and completed before the test began: in the record, without cards. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { ActionId } from '../../src/action-center/action.ts';
import type { Entity } from '../../src/action-center/entity.ts';
import type { RemediationAction } from '../../src/action-center/intake.ts';
import { scopeDigest } from '../../src/action-center/scope.ts';
import { actionStore } from '../../src/store/actions.ts';
import { type Database, json } from '../../src/store/database.ts';
import { aDecision, anAction, anOutcome } from '../setup/builders.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const newId = () => `A-${[...randomBytes(26)].map((byte) => alphabet[byte % 32]).join('')}`;

type Over = Partial<Pick<RemediationAction, 'type' | 'source' | 'parameters'>> & { entities: Entity[]; completedAt?: string };

/** Answers its id. */
export async function addCompleted(
  db: Database,
  { completedAt = new Date(Date.now() - 60_000).toISOString(), ...over }: Over,
): Promise<string> {
  const id = newId();
  const shape = anAction({ parameters: { simulator: { takesMs: 0 } }, ...over, id, key: id, title: `Case ${id}` });
  const digest = scopeDigest(shape, shape.policyVersion, sha256);
  const { decision: _none, outcome: _nothing, status: _open, ...fresh } = shape;
  const at = { createdAt: completedAt, updatedAt: completedAt };
  const event = { kind: 'announced' as const, at: completedAt, actorId: null, data: {} };
  await actionStore(db, 'default').add({ ...fresh, ...at, scopeDigest: digest, contentDigest: sha256(id) }, [], event);
  const decision = aDecision({ decisionId: `D-${id}`, scopeDigest: digest });
  await sql`update actions set status = 'completed', decision = ${json(decision)}::jsonb, approvals = ${json([decision])}::jsonb,
    outcome = ${json(anOutcome({ at: completedAt }))}::jsonb where id = ${ActionId.parse(id)}`.execute(db);
  return id;
}
