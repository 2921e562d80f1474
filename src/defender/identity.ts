/**
 * Accounts. All of these calls can be made twice without harm, and whether one took effect shows on the account. Accounts that are kept in Active
 * Directory are changed there: what is changed in Entra alone, the next synchronisation takes back.
 */
import { type Api, type ApiCall, DefenderError, filtered, quoted, readAnswer } from './api.ts';
import type { Driver, RequestOf, Standing, Work } from './driver.ts';
import { cloudPassword, noAccount, wasSoBefore } from './outcome-words.ts';
import { IdentityAccounts, RiskyUser, User } from './payloads.ts';

type Request = RequestOf<'user'>;

const clockMs = 120_000;
const facts = 'id,accountEnabled,onPremisesSyncEnabled,onPremisesSecurityIdentifier,signInSessionsValidFromDateTime';
export const userPermissions = {
  read: 'User.Read.All',
  disable: 'User.EnableDisableAccount.All',
  enable: 'User.EnableDisableAccount.All',
  revokeSessions: 'User.RevokeSessions.All',
  confirmCompromised: 'IdentityRiskyUser.ReadWrite.All',
  dismissRisk: 'IdentityRiskyUser.ReadWrite.All',
  accounts: 'SecurityIdentitiesAccount.Read.All',
  onPremises: 'SecurityIdentitiesActions.ReadWrite.All',
};
/** What Active Directory is asked for. */
const inDirectory: Partial<Record<Request['call'], string>> = { disable: 'disable', enable: 'enable', resetPassword: 'forcePasswordReset' };
const risks: Partial<Record<Request['call'], string>> = { confirmCompromised: 'confirmedCompromised', dismissRisk: 'dismissed' };
const riskPaths: Partial<Record<Request['call'], string>> = { confirmCompromised: 'confirmCompromised', dismissRisk: 'dismiss' };

const permanent = (message: string): DefenderError => new DefenderError(message, { retryable: false, mayHaveWorked: false });

export function userDriver(api: Api): Driver<Request> {
  const ask = ({ part }: Work<Request>, signal: AbortSignal, call: Pick<ApiCall, 'method' | 'path' | 'body' | 'permission'>) =>
    api.ask({ api: 'graph', urgency: 'decision', decisionId: part.decisionId, ...call }, signal);

  const userOf = async (work: Work<Request>, signal: AbortSignal): Promise<User> => {
    const { id, upn } = work.request.user;
    const path = `/v1.0/users/${encodeURIComponent(id ?? upn ?? '')}?$select=${facts}`;
    return readAnswer(User, await ask(work, signal, { method: 'GET', path, permission: userPermissions.read }));
  };
  const accountOf = async (work: Work<Request>, user: User, signal: AbortSignal) => {
    const filter = `onPremisesSecurityIdentifier eq ${quoted(user.onPremisesSecurityIdentifier ?? '')}`;
    const path = filtered('/v1.0/security/identities/identityAccounts', filter);
    const { value } = readAnswer(IdentityAccounts, await ask(work, signal, { method: 'GET', path, permission: userPermissions.accounts }));
    const [account] = value;
    if (account === undefined) throw permanent(noAccount);
    return account;
  };
  const riskOf = async (work: Work<Request>, user: User, signal: AbortSignal): Promise<string | null> => {
    const path = `/v1.0/identityProtection/riskyUsers/${encodeURIComponent(user.id)}`;
    try {
      return readAnswer(RiskyUser, await ask(work, signal, { method: 'GET', path, permission: userPermissions.confirmCompromised }))
        .riskState;
    } catch (error) {
      if (error instanceof DefenderError && error.status === 404) return null;
      throw error;
    }
  };

  /** Whether the account is as it should be; null: it does not show. */
  const isSo = async (work: Work<Request>, user: User, signal: AbortSignal): Promise<boolean | null> => {
    const { call } = work.request;
    const risk = risks[call];
    if (risk !== undefined) return (await riskOf(work, user, signal)) === risk;
    if (call === 'disable' || call === 'enable') {
      const isEnabled = isOnPremises(user) ? (await accountOf(work, user, signal)).isEnabled : user.accountEnabled;
      return typeof isEnabled === 'boolean' ? isEnabled === (call === 'enable') : null;
    }
    return null;
  };

  const change = async (work: Work<Request>, user: User, signal: AbortSignal): Promise<void> => {
    const { call } = work.request;
    const action = inDirectory[call];
    if (action !== undefined && isOnPremises(user)) {
      const path = `/v1.0/security/identities/identityAccounts/${encodeURIComponent((await accountOf(work, user, signal)).id)}/invokeAction`;
      const body = { accountId: user.onPremisesSecurityIdentifier ?? '', action, identityProvider: 'activeDirectory' };
      await ask(work, signal, { method: 'POST', path, body, permission: userPermissions.onPremises });
      return;
    }
    if (call === 'resetPassword') throw permanent(cloudPassword);
    const risk = riskPaths[call];
    const path = `/v1.0/users/${encodeURIComponent(user.id)}`;
    const permission = userPermissions[call];
    if (risk !== undefined) {
      const body = { userIds: [user.id] };
      await ask(work, signal, { method: 'POST', path: `/v1.0/identityProtection/riskyUsers/${risk}`, body, permission });
    } else if (call === 'revokeSessions') await ask(work, signal, { method: 'POST', path: `${path}/revokeSignInSessions`, permission });
    else await ask(work, signal, { method: 'PATCH', path, body: { accountEnabled: call === 'enable' }, permission });
  };

  return {
    call: async (work, signal) => {
      const user = await userOf(work, signal);
      if (await isSo(work, user, signal)) return { ...doneTo(user), external: { userId: user.id, existed: 'true' }, message: wasSoBefore };
      await change(work, user, signal);
      return doneTo(user);
    },
    find: async (work, signal) => {
      const user = await userOf(work, signal);
      if (work.request.call === 'resetPassword') return 'unknown';
      if (work.request.call === 'revokeSessions') return revokedSince(user, work) ? doneTo(user) : 'absent';
      return (await isSo(work, user, signal)) ? doneTo(user) : 'absent';
    },
  };
}

const isOnPremises = ({ onPremisesSyncEnabled }: User): boolean => onPremisesSyncEnabled === true;
const doneTo = ({ id }: User): Standing => ({ state: 'succeeded', external: { userId: id.slice(0, 100) } });
const revokedSince = ({ signInSessionsValidFromDateTime: from }: User, { part }: Work): boolean =>
  typeof from === 'string' && part.calledAt !== null && Date.parse(from) >= Date.parse(part.calledAt) - clockMs;
