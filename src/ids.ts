/** Ids: sortable by time, never guessable, readable in a log (`A-...` an action, `D-...` a decision). */
import { hash, randomBytes } from 'node:crypto';
import { ActionId } from './action-center/action.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 48 bits of time and 80 random bits as 26 characters of Crockford's base 32. */
function sortable(now: number): string {
  let value = (BigInt(now) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let index = 0; index < 26; index += 1) {
    text = alphabet.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}

export const newActionId = (): ActionId => ActionId.parse(`A-${sortable(Date.now())}`);
export const newDecisionId = (): string => `D-${sortable(Date.now())}`;
export const newBatchId = (): string => `B-${sortable(Date.now())}`;
export const newReminderId = (): string => `R-${sortable(Date.now())}`;
export const newDelegationId = (): string => `S-${sortable(Date.now())}`;
export const newHuntId = (): string => `H-${sortable(Date.now())}`;
export const newDigestId = (): string => `DG-${sortable(Date.now())}`;
export const sha256 = (text: string): string => hash('sha256', text);
