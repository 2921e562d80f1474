/** What a button carries: the action, the digest of what was shown and the card's version. It comes back as data and has no authority. */
import { z } from 'zod';
import { ActionId } from '../../action-center/action.ts';

const PressedShape = z.object({
  actionId: ActionId,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  version: z.coerce.number().int().min(1),
});
export type Pressed = z.infer<typeof PressedShape>;

export const writePressed = ({ actionId, digest, version }: { actionId: string; digest: string; version: number }): string =>
  `${actionId}|${digest}|${version}`;

/** Null: not one of ours, or from an older version of this app. */
export function readPressed(value: string): Pressed | null {
  const [version, digest, ...rest] = value.split('|').reverse();
  return PressedShape.safeParse({ actionId: rest.reverse().join('|'), digest, version }).data ?? null;
}
