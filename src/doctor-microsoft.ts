/** `countersign doctor`: what the apps of Entra may do, read from their own tokens and compared with what each feature needs. */
import * as words from './chat/doctor-words.ts';
import type { Config } from './config.ts';
import { hasMailRemediation } from './config-defender.ts';
import type { ApiName } from './defender/limits.ts';
import { directoryNeeds, executorNeeds, feedNeeds, huntingNeeds, ingestNeeds, type Need } from './defender/needed-permissions.ts';
import { checking, type Finding, off, ok } from './doctor-finding.ts';
import { startDeadline } from './microsoft/deadline.ts';
import { type Credential, tokenSource } from './microsoft/token.ts';
import { rolesOf } from './microsoft/token-roles.ts';

type App = {
  area: string;
  /** The variables that hold its credentials. */
  variables: string;
  tenantId: string;
  clientId: string;
  credential: Credential;
  authorityUrl: string;
  audiences: Record<ApiName, string>;
};

const tokenMs = 5000;
const quiet = { warn: () => {} };
const originOf = (url: string): string => new URL(url).origin;

export async function examineReader({ entra, ingest }: Config): Promise<Finding[]> {
  const area = 'Reading app';
  const reader = ingest ?? entra;
  const offs = [
    ...(entra === null ? [off(area, 'Directory', words.directoryIsFile)] : []),
    ...(ingest === null ? [off(area, 'Reading Defender', words.ingestOff)] : []),
  ];
  if (reader === null) return offs;
  const { tenantId, clientId, credential, authorityUrl, graphUrl } = reader;
  const audiences = { graph: originOf(graphUrl), defender: ingest?.defenderAudience ?? '', office365: ingest?.office365?.audience ?? '' };
  const needs = [
    // Hunting goes with DIRECTORY=graph, whether or not Defender is read.
    ...(entra === null ? [] : [...directoryNeeds(entra.unified !== null), ...huntingNeeds]),
    ...(ingest === null ? [] : [...ingestNeeds, ...feedNeeds(feedsOf(ingest))]),
  ];
  const app = {
    area,
    variables: 'ENTRA_TENANT_ID, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET',
    tenantId,
    clientId,
    credential,
    authorityUrl,
    audiences,
  };
  return [...offs, ...(await examineApp(app, needs))];
}

const feedsOf = ({ air, notifications, office365 }: NonNullable<Config['ingest']>) => ({
  airHunting: air.hunting !== null,
  notifications: notifications !== null,
  office365: office365 !== null,
});

export async function examineExecutor({ executor, backend, cloud }: Config): Promise<Finding[]> {
  const area = 'Executing app';
  if (executor === null) return [off(area, 'Carrying out', words.executorOff(backend))];
  const { tenantId, clientId, credential, authorityUrl, graphUrl, defenderAudience } = executor;
  const audiences = { graph: originOf(graphUrl), defender: defenderAudience, office365: '' };
  const app = { area, variables: 'EXECUTOR_CLIENT_ID, EXECUTOR_CLIENT_SECRET', tenantId, clientId, credential, authorityUrl, audiences };
  return examineApp(app, executorNeeds({ movesMail: hasMailRemediation(cloud) }));
}

async function examineApp(app: App, needs: readonly Need[]): Promise<Finding[]> {
  const apis = [...new Set(needs.map(({ api }) => api))];
  const found = await Promise.all(
    apis.map((api) => {
      const what = words.tokenFor(api);
      const advice = words.credentialsAdvice(app.variables);
      const ofApi = needs.filter((need) => need.api === api);
      return checking(app.area, what, async () => examineToken(app, api, { what, needs: ofApi }), advice);
    }),
  );
  return found.flat();
}

async function examineToken(app: App, api: ApiName, { what, needs }: { what: string; needs: readonly Need[] }): Promise<Finding[]> {
  const { area, audiences, ...settings } = app;
  const tokens = tokenSource({ ...settings, audience: audiences[api], service: 'directory' }, { log: quiet, now: () => performance.now() });
  const roles = rolesOf(await tokens.token(startDeadline(tokenMs)));
  if (roles === null) return [{ area, what, standing: 'failed', says: words.notSaid, fix: words.credentialsAdvice(app.variables) }];
  return [ok(area, what, words.tokenGiven), ...needs.map((need) => needFinding(app, need, roles))];
}

function needFinding({ area, clientId }: App, { feature, api, anyOf, isOptional }: Need, roles: readonly string[]): Finding {
  const held = anyOf.find((permission) => roles.includes(permission));
  if (held !== undefined) return ok(area, feature, words.granted(held));
  const [permission] = anyOf;
  const fix = words.grantAdvice(permission, api, clientId);
  return { area, what: feature, standing: isOptional === true ? 'advice' : 'missing', says: words.notGranted(permission), fix };
}
