/** Signing in by browser, joined together: the flows, the store, Entra, the pages. Only with DIRECTORY=graph and PUBLIC_URL. */
import { randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Linking, linking } from './action-center/link.ts';
import type { ActionStore, AuditEvent, Clock, Directory, SignIns } from './action-center/ports.ts';
import { denySignIn, finishSignIn, freshSignIns, type SignInDeps, startSignIn } from './action-center/sign-in.ts';
import type { FixedLinks, LinkStore, SignInAttempts } from './action-center/sign-in-ports.ts';
import { signInText } from './chat/sign-in-words.ts';
import type { Config } from './config.ts';
import { signInHandler } from './identity/sign-in-http.ts';
import { signInProvider } from './identity/sign-in-provider.ts';
import { sha256 } from './ids.ts';
import type { Log } from './log.ts';

export type BrowserSignIns = {
  signIns: SignIns;
  /** Null: in this identity mode people are found another way. */
  linking: Linking | null;
  /** Answers everything below /link/. */
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Removes attempts nobody needs any more; returns how many. */
  forget(): Promise<number>;
};

export type SignInParts = {
  attempts: SignInAttempts;
  links: LinkStore;
  fixedLinks: FixedLinks;
  directory: Directory;
  store: Pick<ActionStore, 'note'>;
  now: Clock;
  log: Log;
};

/** Crockford's base 32, without letters that are taken for others. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeLength = 8;
const dayMs = 86_400_000;
const strangersPerMinute = 60;

const canSignIn = ({ entra, publicUrl }: Config): boolean => entra !== null && publicUrl !== null;
export const canLink = (config: Config): boolean => canSignIn(config) && config.identityMode === 'linked';

export function openSignIns(config: Config, parts: SignInParts): BrowserSignIns | null {
  const { entra, publicUrl } = config;
  if (entra === null || publicUrl === null) return null;
  const { now, log, store } = parts;
  const note = (event: AuditEvent) => store.note(null, event);
  const deps: SignInDeps = {
    ...parts,
    provider: signInProvider({ ...entra, publicUrl }, { now }),
    note,
    noteStranger: bounded(note, log),
    sha256,
    newToken: () => randomBytes(32).toString('base64url'),
    newCode: () => Array.from({ length: codeLength }, () => alphabet.charAt(randomInt(alphabet.length))).join(''),
    addressFor: (state) => `${publicUrl}/link/start?state=${state}`,
  };
  return {
    signIns: freshSignIns(deps),
    linking: canLink(config) ? linking({ ...deps, validDays: entra.linkValidDays }) : null,
    handle: signInHandler({
      ways: {
        start: (asked) => startSignIn(deps, asked),
        finish: (returned) => finishSignIn(deps, returned),
        deny: (token) => denySignIn(deps, token),
      },
      publicUrl,
      page: signInText,
      log,
    }),
    forget: () => parts.attempts.forget(new Date(now().getTime() - dayMs).toISOString()),
  };
}

/** What is left out of the record is still in the log. */
function bounded(note: SignInDeps['note'], log: Log): SignInDeps['note'] {
  let minute = 0;
  let count = 0;
  return async (event) => {
    const current = Math.floor(Date.now() / 60_000);
    count = current === minute ? count + 1 : 1;
    minute = current;
    if (count <= strangersPerMinute) return note(event);
    log.warn({ reason: event.data['reason'] }, 'too many refused sign-ins in a minute; this one is not in the audit record');
  };
}
