/**
 * Terminology. One word, one meaning, everywhere in this repository:
 *   remediation action (action)  the Defender thing that waits for a human yes, or waited once
 *   click                        a person pressed a button (never called an action)
 *   decision                     what a person chose: approve, reject, undo (or cancel, for a running machine action)
 *   outcome                      what the backend reported about carrying a decision out
 *   status                       where an action stands
 *   entity                       what is acted on: a device, a file, a mailbox, ...
 *   actor                        the person, after mapping the chat account to Entra
 *   refusal                      an expected no
 *   backend                      who carries decisions out
 *   card, card ref               a posted message, and where it lives
 */
import { z } from 'zod';

export const ActionId = z.string().min(1).max(64).brand<'ActionId'>();
export type ActionId = z.infer<typeof ActionId>;
export const EntraId = z.string().min(1).max(64).brand<'EntraId'>();
export type EntraId = z.infer<typeof EntraId>;

export const ActionType = z.enum([
  'isolateDevice',
  'releaseIsolation',
  'containDevice',
  'restrictCodeExecution',
  'releaseCodeExecution',
  'runAntivirusScan',
  'collectInvestigationPackage',
  'stopAndQuarantineFile',
  'releaseFromQuarantine',
  'offboardMachine',
  'requestSample',
  'removeRegistryKey',
  'stopService',
  'disableDriver',
  'removeScheduledTask',
  'killProcess',
  'containUser',
  'containIp',
  'softDeleteEmail',
  'hardDeleteEmail',
  'moveEmailToJunk',
  'moveEmailToInbox',
  'moveEmailToDeletedItems',
  'quarantineEmail',
  'quarantineAttachment',
  'blockUrl',
  'turnOffMailForwarding',
  'disableUser',
  'enableUser',
  'revokeSessions',
  'resetUserPassword',
  'confirmUserCompromised',
]);
export type ActionType = z.infer<typeof ActionType>;

export const ActionSource = z.enum([
  'manualDeviceAction',
  'manualEmailAction',
  'automatedDeviceAction',
  'automatedEmailAction',
  'advancedHuntingAction',
  'explorerAction',
  'manualLiveResponseAction',
  'liveResponseAction',
]);
export type ActionSource = z.infer<typeof ActionSource>;

export const Severity = z.enum(['informational', 'low', 'medium', 'high']);
export type Severity = z.infer<typeof Severity>;

export const Workload = z.enum(['device', 'email', 'identity']);
export type Workload = z.infer<typeof Workload>;

export const ActionStatus = z.enum([
  'pending',
  'awaitingSecondApproval',
  'queued',
  'inProgress',
  'completed',
  'partiallyCompleted',
  'failed',
  'timedOut',
  'cancelled',
  'rejected',
  'expired',
  'superseded',
  'decidedElsewhere',
  'undoQueued',
  'undone',
]);
export type ActionStatus = z.infer<typeof ActionStatus>;

export const Platform = z.enum(['slack', 'teams']);
export type Platform = z.infer<typeof Platform>;
export const Verb = z.enum(['approve', 'reject', 'undo', 'cancel']);
export type Verb = z.infer<typeof Verb>;
/** What a person can be asked to give a reason for. */
export type ReasonVerb = Exclude<Verb, 'cancel'>;

export const Role = z.enum([
  'GlobalAdministrator',
  'SecurityAdministrator',
  'SecurityOperator',
  'SecurityReader',
  'GlobalReader',
  'ActiveRemediationActions',
  'SearchAndPurge',
  'UrbacResponseManage',
  'UrbacEmailMetadataRead',
  'UrbacEmailAdvancedActionsManage',
  'ExchangeSecurityAdministrator',
]);
export type Role = z.infer<typeof Role>;

/** A person as the directory knows them. `deviceGroups` holds device group names, or `*` for all. */
export type Actor = {
  entraId: EntraId;
  upn: string;
  displayName: string;
  roles: Role[];
  deviceGroups: string[];
};

/** One person's decision, as stored. `rolesUsed` is what carried it, at the moment of the click. */
export const Decision = z.object({
  decisionId: z.string(),
  verb: Verb,
  actor: z.object({ entraId: EntraId, upn: z.string(), displayName: z.string(), rolesUsed: z.array(Role) }),
  platform: z.union([Platform, z.literal('cli')]),
  /** The chat account, as its platform names it: where this person can be told in private what became of it. */
  account: z.string().max(256).optional(),
  comment: z.string().nullable(),
  decidedAt: z.iso.datetime(),
  scopeDigest: z.string(),
});
export type Decision = z.infer<typeof Decision>;

export const OutcomeStatus = z.enum(['inProgress', 'completed', 'partiallyCompleted', 'failed', 'timedOut', 'cancelled', 'undone']);
export type OutcomeStatus = z.infer<typeof OutcomeStatus>;

export const Outcome = z.object({
  status: OutcomeStatus,
  at: z.iso.datetime(),
  message: z.string().max(2000).nullable(),
  externalRef: z.record(z.string().max(64), z.string().max(512)).nullable(),
  portalUrl: z
    .url({ protocol: /^https$/ })
    .max(2048)
    .nullable()
    .optional(),
});
export type Outcome = z.infer<typeof Outcome>;
