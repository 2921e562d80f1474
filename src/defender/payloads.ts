/** What comes back from Microsoft. Only what is used is looked at, and values that are new to us are let through. */
import { z } from 'zod';

const text = z.string().max(4000);
const maybe = text.nullish();
/** With up to seven digits of fractions, or none. */
const when = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'is not a time');

export const MachineAction = z.object({
  id: text.min(1),
  type: text,
  status: text,
  machineId: maybe,
  requestorComment: maybe,
  creationDateTimeUtc: when,
  relatedFileInfo: z.object({ fileIdentifier: text }).nullish(),
  cancellationComment: maybe,
  errorHResult: z.number().nullish(),
  troubleshootInfo: maybe,
});
export type MachineAction = z.infer<typeof MachineAction>;
export const MachineActions = z.object({ value: z.array(MachineAction), '@odata.nextLink': maybe });

export const Machines = z.object({ value: z.array(z.object({ id: text.min(1), computerDnsName: maybe })) });
export const FileFacts = z.object({ sha1: z.string().regex(/^[0-9a-fA-F]{40}$/) });

export const Indicator = z.object({
  id: z.union([text.min(1), z.number()]).transform(String),
  indicatorValue: text,
  title: maybe,
  action: text,
});
export const Indicators = z.object({ value: z.array(Indicator) });

export const User = z.object({
  id: text.min(1),
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
