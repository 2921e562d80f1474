/** The shape of `POLICY_FILE`. Unknown keys are refused: a misspelt rule must not look like one that is in force. */
import { z } from 'zod';
import { ActionSource, ActionType, Severity, Workload } from '../action-center/action.ts';
import { isDate, isTimeZone, timeOfDay, Weekday } from '../action-center/digest-schedule.ts';
import { delegationSchema, remindersSchema } from './reminders-file.ts';

const text = (max: number) => z.string().trim().min(1).max(max);

/** One value or a list of them; always a list afterwards. */
const oneOrMany = <T extends z.ZodType>(value: T) =>
  z.union([z.array(value).min(1).max(100), value.transform((one) => [one])]) as unknown as z.ZodType<z.output<T>[]>;

export const Match = z
  .strictObject({
    workload: oneOrMany(Workload).optional(),
    type: oneOrMany(ActionType).optional(),
    source: oneOrMany(ActionSource).optional(),
    severity: oneOrMany(Severity).optional(),
    /** Name of a device, `*` and `?` allowed. */
    device: oneOrMany(text(255)).optional(),
    /** Name of a device group. */
    group: oneOrMany(text(255)).optional(),
  })
  .refine((match) => Object.keys(match).length > 0, 'must say what it matches, or be left out');
export type Match = z.infer<typeof Match>;

const SlackConversation = z.string().regex(/^[CGD][A-Z0-9]{2,}$/, 'must be the id of a Slack conversation such as C0SOC, not its name');
const SlackPlace = z.string().regex(/^[CGDUW][A-Z0-9]{2,}$/, 'must be the id of a Slack conversation or person, not a name');
const slackPlaces = z.array(SlackPlace).max(20).default([]);
const TeamsConversation = z
  .string()
  .max(256)
  .regex(
    /^(19:[\w.=-]+@(thread\.(tacv2|v2|skype)|unq\.gbl\.spaces)|a:[\w-]+)$/,
    'must be the id of a Teams conversation such as 19:...@thread.tacv2, not its name',
  );
const teamsPlaces = z.array(text(256)).max(20).default([]);

const Route = z
  .strictObject({
    match: Match.optional(),
    slack: z.array(SlackConversation).max(20).default([]),
    teams: z.array(TeamsConversation).max(20).default([]),
  })
  .refine(({ slack, teams }) => slack.length + teams.length > 0, 'must name a conversation');
export type Route = z.infer<typeof Route>;

const duration = z.string().regex(/^[1-9]\d{0,4}[mhd]$/, 'must be a time span such as 15m, 4h or 1d');

/** Where operators hear of what is wrong: conversations like those of a route. */
const Alarms = z
  .strictObject({ slack: z.array(SlackConversation).max(20).default([]), teams: z.array(TeamsConversation).max(20).default([]) })
  .refine(({ slack, teams }) => slack.length + teams.length > 0, 'must name a conversation');

const Reasons = z.strictObject({
  match: Match,
  verbs: z
    .array(z.enum(['approve', 'reject', 'undo']))
    .min(1)
    .default(['approve', 'reject', 'undo']),
});

const timezone = z.string().refine(isTimeZone, 'must be a time zone such as Europe/Berlin');
const Reminders = remindersSchema({ match: Match, duration, slackPlaces, teamsPlaces, severity: oneOrMany(Severity), timezone });
const Delegation = delegationSchema({ duration, timezone });

/** A conversation, or a person by their Entra id. */
const TeamsReader = z
  .string()
  .max(256)
  .refine(
    (text) => TeamsConversation.safeParse(text).success || z.guid().safeParse(text).success,
    'must be the id of a Teams conversation such as 19:...@thread.tacv2, or the Entra id of a person',
  );
const holiday = z.string().refine(isDate, 'must be a date such as 2026-12-25');

const Digest = z
  .strictObject({
    at: timeOfDay,
    timezone,
    weekdays: z.array(Weekday).min(1).optional(),
    /** Dates in that time zone on which nothing is sent. */
    holidays: z.array(holiday).max(366).default([]),
    slack: slackPlaces,
    teams: z.array(TeamsReader).max(20).default([]),
  })
  .refine(({ slack, teams }) => slack.length + teams.length > 0, 'must name a conversation or a person');
export type PolicyDigest = z.infer<typeof Digest>;

export const PolicyFile = z.strictObject({
  routes: z.array(Route).min(1).max(200).superRefine(needsLastRoute),
  approvals: z
    .array(z.strictObject({ match: Match, needed: z.int().min(1).max(5) }))
    .max(200)
    .default([]),
  protected: z
    .array(z.strictObject({ match: Match }))
    .max(200)
    .default([]),
  reasons: z.array(Reasons).max(200).optional(),
  barred: z
    .array(z.strictObject({ match: Match, because: text(200).optional() }))
    .max(200)
    .optional(),
  stepUp: z.union([z.strictObject({ within: duration }), z.literal('off')], 'must be `off` or a time such as { within: 10m }').optional(),
  alarms: Alarms.optional(),
  reminders: Reminders.optional(),
  delegation: Delegation.optional(),
  digests: z.array(Digest).max(20).optional(),
  /** Looking up is private. `readersOnly`: a look-up can be shared as something every reader may open; `everyone`: with its rows. */
  visibility: z.strictObject({ historyInChannel: z.enum(['never', 'readersOnly', 'everyone']) }).optional(),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

/** Every action has to go somewhere, and no route may be dead. */
function needsLastRoute(routes: Route[], ctx: z.core.$RefinementCtx<Route[]>): void {
  routes.forEach(({ match }, index) => {
    const isLast = index === routes.length - 1;
    if (isLast && match) {
      ctx.addIssue({ code: 'custom', path: [index, 'match'], message: 'the last route takes what no other took and must have no match' });
    }
    if (!isLast && !match) {
      ctx.addIssue({
        code: 'custom',
        path: [index],
        message: 'without a match it takes everything; the routes after it are never reached',
      });
    }
  });
}
