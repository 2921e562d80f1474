/** A press on Run here: the person reads at once that it runs, and everybody reads the answer under the card. */
import { z } from 'zod';
import { ActionId } from '../../action-center/action.ts';
import { ok } from '../../action-center/refusal.ts';
import type { HuntJobs } from '../hunt-jobs.ts';
import type { Line } from '../show.ts';
import { outOfDate } from '../words.ts';
import type { Arrival } from './activity.ts';
import type { TellPrivately } from './answers.ts';
import { courierOf, type OfferFile } from './files.ts';

export type HuntPressDeps = { hunts: Pick<HuntJobs, 'start'>; tell: TellPrivately; offerFile: OfferFile };

const verb = 'ac.run';
const Pressed = z.object({ actionId: ActionId });

export const isHuntVerb = (given: unknown): boolean => given === verb;

/** Never rejects. */
export async function huntPressed({ hunts, tell, offerFile }: HuntPressDeps, arrival: Arrival, data: unknown): Promise<Line> {
  const pressed = Pressed.safeParse(data).data;
  const { organisation, person, requestKey: clickId } = arrival;
  if (!pressed || person === null) return outOfDate;
  const { entraId } = person;
  return hunts.start({
    actionId: pressed.actionId,
    platform: 'teams',
    by: `teams:${organisation}/${entraId}`,
    person: async () => ok({ platform: 'teams', tenantId: organisation, entraId }),
    clickId,
    courier: { ...courierOf(tell, arrival), offer: (offer) => offerFile(arrival, offer) },
  });
}
