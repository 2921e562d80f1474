/** The shape of `reminders` and `delegation` in the policy file. The pieces they share with the rest of it are handed in. */
import { z } from 'zod';
import { timeOfDay } from '../action-center/digest-schedule.ts';

type Pieces<M extends z.ZodType, D extends z.ZodType> = {
  match: M;
  duration: D;
  slackPlaces: z.ZodType<string[]>;
  teamsPlaces: z.ZodType<string[]>;
  severity: z.ZodType<string[]>;
  timezone: z.ZodType<string>;
};

/** Entra object ids: names and addresses can be given to somebody else, these cannot. */
const people = z
  .array(z.guid('must be the Entra object id of a person').transform((id) => id.toLowerCase()))
  .min(1)
  .max(20);

export function remindersSchema<M extends z.ZodType, D extends z.ZodType>(pieces: Pieces<M, D>) {
  const { match, duration, slackPlaces, teamsPlaces, severity, timezone } = pieces;
  const places = z
    .strictObject({ slack: slackPlaces, teams: teamsPlaces })
    .refine(({ slack, teams }) => slack.length + teams.length > 0, 'must name a conversation');
  const target = z.union(
    [z.literal(['thread', 'onCall']), z.strictObject({ channel: places }), z.strictObject({ managers: people })],
    'must be thread, onCall, { channel: { slack: [...], teams: [...] } } or { managers: [Entra object ids] }',
  );
  const targets = z.union([z.array(target).min(1).max(5), target.transform((one) => [one])]) as unknown as z.ZodType<
    z.output<typeof target>[]
  >;
  const rung = z
    .strictObject({ after: duration.optional(), sinceLast: duration.optional(), to: targets })
    .refine(
      ({ after, sinceLast }) => (after === undefined) !== (sinceLast === undefined),
      'must say either after (the announcement) or sinceLast',
    );
  const rule = z.strictObject({ match: match.optional(), rungs: z.array(rung).max(10), warnTo: targets.optional() });
  const quietHours = z
    .strictObject({ from: timeOfDay, to: timeOfDay, timezone, except: z.strictObject({ severity }).optional() })
    .refine(({ from, to }) => from !== to, 'must begin and end at different times');
  const warnBeforeExpiry = z.union([z.array(duration).min(1).max(5), duration.transform((one) => [one])]) as unknown as z.ZodType<
    z.output<D>[]
  >;
  return z
    .strictObject({
      after: z.array(duration).min(1).max(10).optional(),
      escalateTo: z.strictObject({ slack: slackPlaces, teams: teamsPlaces }).optional(),
      rules: z.array(rule).min(1).max(50).optional(),
      warnBeforeExpiry: warnBeforeExpiry.optional(),
      warnTo: targets.optional(),
      quietHours: quietHours.optional(),
    })
    .superRefine(({ after, escalateTo, rules }, ctx) => {
      const say = (path: (string | number)[], message: string) => ctx.addIssue({ code: 'custom', path, message });
      if (rules !== undefined && after !== undefined) say(['after'], 'is for reminders without rules: put it into the rungs of a rule');
      if (rules !== undefined && escalateTo !== undefined)
        say(['escalateTo'], 'is for reminders without rules: make it the last rung of a rule');
      if (escalateTo !== undefined && after === undefined) say(['escalateTo'], 'needs `after`: it is told at the last of those times');
      rules?.forEach((one, index) => {
        if (one.match === undefined && index < rules.length - 1)
          say(['rules', index], 'without a match it takes everything; the rules after it are never reached');
        one.rungs.forEach((step, place) => {
          if (place === 0 && step.sinceLast !== undefined)
            say(['rules', index, 'rungs', 0, 'sinceLast'], 'there is no rung before the first one: say after');
        });
      });
    });
}

export const delegationSchema = <D extends z.ZodType>({ duration, timezone }: { duration: D; timezone: z.ZodType<string> }) =>
  z.strictObject({ allowed: z.boolean(), longest: duration.optional(), timezone: timezone.optional() });
