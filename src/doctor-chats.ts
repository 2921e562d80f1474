/** `countersign doctor`: whether Slack and Teams accept the bot, and which scopes it lacks. */
import * as words from './chat/doctor-words.ts';
import { grantedScopes } from './chat/slack/granted-scopes.ts';
import { clouds as teamsClouds } from './chat/teams/clouds.ts';
import type { Config } from './config.ts';
import { clouds } from './config-entra.ts';
import { checking, type Finding, off, ok } from './doctor-finding.ts';
import { slackScopes } from './manifest.ts';
import { startDeadline } from './microsoft/deadline.ts';
import { tokenSource } from './microsoft/token.ts';

const quiet = { warn: () => {} };
const tokenMs = 5000;

export async function examineSlack({ slack, identityMode }: Config): Promise<Finding[]> {
  if (slack === null) return [off('Slack', 'Bot token', words.slackOff)];
  const run = async (): Promise<Finding[]> => {
    const { team, scopes } = await grantedScopes(slack);
    const answer = ok('Slack', 'Bot token', words.slackAnswers(team));
    if (scopes === null) return [answer, { area: 'Slack', what: 'Scopes', standing: 'advice', says: words.scopesUnknown, fix: null }];
    const needed = (await slackScopes()).filter((scope) => scope !== 'users:read.email' || identityMode === 'email');
    return [answer, ...needed.map((scope) => scopeFinding(scope, scopes.includes(scope)))];
  };
  return checking('Slack', 'Bot token', run, words.slackAdvice);
}

const scopeFinding = (scope: string, isThere: boolean): Finding =>
  isThere
    ? ok('Slack', scope, words.granted(scope))
    : { area: 'Slack', what: scope, standing: 'missing', says: words.notGranted(scope), fix: words.scopeAdvice(scope) };

export async function examineTeams({ teams }: Config): Promise<Finding[]> {
  if (teams === null) return [off('Teams', 'Credentials', words.teamsOff)];
  if (teams.appType === 'UserAssignedMSI') return [off('Teams', 'Credentials', words.managedIdentity)];
  if (teams.appId === '') return [off('Teams', 'Credentials', words.emulatorOnly)];
  const run = async (): Promise<Finding[]> => {
    const tokens = tokenSource(
      {
        tenantId: teams.appTenantId,
        clientId: teams.appId,
        credential: { kind: 'secret', secret: teams.appPassword },
        authorityUrl: teams.loginUrl ?? clouds[teams.cloud].authorityUrl,
        audience: teamsClouds[teams.cloud].issuer,
        service: 'teams',
      },
      { log: quiet, now: () => performance.now() },
    );
    await tokens.token(startDeadline(tokenMs));
    return [ok('Teams', 'Credentials', words.tokenGiven)];
  };
  return checking(
    'Teams',
    'Credentials',
    run,
    words.credentialsAdvice('MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD, MICROSOFT_APP_TENANT_ID'),
  );
}
