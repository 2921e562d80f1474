/** What comes back from Microsoft. Only what is used is looked at, and values that are new to us are let through. */
import { z } from 'zod';

const text = z.string().max(4000);
const maybe = text.nullish();
/** Kept, and told with the outcome. */
const id = z.string().min(1).max(200);
/** With up to seven digits of fractions, or none. */
const when = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'is not a time');

/** Whatever only adds to it is left out when it is not as expected, rather than losing sight of the action. */
const extra = z.string().nullish().catch(null);
export const MachineAction = z.object({
  id: text.min(1),
  type: text,
  status: text,
  requestorComment: extra,
  creationDateTimeUtc: when,
  relatedFileInfo: z.object({ fileIdentifier: text }).nullish().catch(null),
  cancellationComment: extra,
  troubleshootInfo: extra,
});
export type MachineAction = z.infer<typeof MachineAction>;
/** Of the whole tenant, so one that cannot be read must not hide the others. `rows`: how many there were, with those. */
export const MachineActions = z
  .object({ value: z.array(z.unknown()) })
  .transform(({ value }) => ({ value: value.flatMap((row) => MachineAction.safeParse(row).data ?? []), rows: value.length }));

export const Machines = z.object({ value: z.array(z.object({ id: text.min(1), computerDnsName: maybe })) });
export const FileFacts = z.object({ sha1: z.string().regex(/^[0-9a-fA-F]{40}$/) });

export const Indicator = z.object({
  id: z.union([id, z.number()]).transform(String),
  indicatorValue: text,
  title: maybe,
  action: text,
});
export const Indicators = z.object({ value: z.array(Indicator) });

export const User = z.object({
  id,
  accountEnabled: z.boolean(),
  onPremisesSyncEnabled: z.boolean().nullish(),
  onPremisesSecurityIdentifier: maybe,
  signInSessionsValidFromDateTime: when.nullish(),
});
export type User = z.infer<typeof User>;
export const RiskyUser = z.object({ riskState: text });
export const IdentityAccounts = z.object({ value: z.array(z.object({ id: text.min(1), isEnabled: z.boolean().nullish() })) });

export const HuntingAnswer = z.object({ results: z.array(z.record(z.string(), z.unknown())) });

/** Both APIs; Defender adds `target`, Graph an `innerError`: ids by which Microsoft's support finds the call. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string().max(200),
    message: z.string().max(8000).nullish(),
    target: maybe,
    innerError: z.object({ 'request-id': maybe }).nullish(),
  }),
});
