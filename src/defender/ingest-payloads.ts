/** Lists that are read from Defender. Each entry is looked at by itself, so that one nobody understands does not hide the others; new values pass. */
import { z } from 'zod';

const text = z.string().max(8000);
const maybe = text.nullish();
const when = z
  .string()
  .refine((value) => !Number.isNaN(Date.parse(value)), 'is not a time')
  .transform((value) => new Date(value).toISOString());

export const Page = z.object({ value: z.array(z.unknown()).max(10_000), '@odata.nextLink': maybe });
export type Page = z.infer<typeof Page>;

export const Evidence = z.looseObject({ '@odata.type': text, remediationStatus: maybe, createdDateTime: when.nullish() });
export type Evidence = z.infer<typeof Evidence>;

export const Alert = z.object({
  id: z.string().min(1).max(256),
  title: maybe,
  description: maybe,
  severity: maybe,
  incidentId: z.string().max(256).nullish(),
  createdDateTime: when,
  lastUpdateDateTime: when,
  evidence: z.array(z.unknown()).max(10_000).nullish(),
});
export type Alert = z.infer<typeof Alert>;

/** Several answers call the time of the last change by its other name. */
export const ListedAction = z.object({
  id: z.string().min(1).max(200),
  type: text,
  status: text,
  scope: maybe,
  requestor: maybe,
  requestorComment: maybe,
  machineId: maybe,
  computerDnsName: maybe,
  creationDateTimeUtc: when,
  lastUpdateDateTimeUtc: when.nullish(),
  lastUpdateTimeUtc: when.nullish(),
  relatedFileInfo: z.object({ fileIdentifier: maybe, fileIdentifierType: maybe }).nullish(),
});
export type ListedAction = z.infer<typeof ListedAction>;
