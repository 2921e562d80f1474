/** The app manifests of both platforms, filled in from the templates in `manifest/`. Reads files; asks nobody. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync } from 'fflate';
import { parseDocument } from 'yaml';
import type { Platform } from './action-center/action.ts';
import { ConfigError } from './action-center/errors.ts';

export type ManifestValues = {
  /** Where the bot is reached from outside: https, with a path when it is behind one. */
  publicUrl: string;
  /** Teams: the bot's Microsoft app id, which names the Teams app too. */
  appId?: string | undefined;
  /** Slack: no address from outside; `publicUrl` is not used then. */
  socketMode?: boolean;
  /** Teams shows them to everybody who installs the app. */
  developer?: { name?: string; websiteUrl?: string; privacyUrl?: string; termsOfUseUrl?: string };
};

const root = path.resolve(import.meta.dirname, '..');
const inRoot = (...parts: string[]) => path.join(root, ...parts);
/** What the templates say where the deployment's own address belongs. */
const exampleAddress = 'https://countersign.contoso.example';
const guid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Teams: a zip that is ready to upload. Slack: YAML. A value that cannot be used is a ConfigError. */
export function manifestFor(platform: 'teams', values: ManifestValues): Promise<Buffer>;
export function manifestFor(platform: 'slack', values: ManifestValues): Promise<string>;
export function manifestFor(platform: Platform, values: ManifestValues): Promise<Buffer | string>;
export async function manifestFor(platform: Platform, values: ManifestValues): Promise<Buffer | string> {
  return platform === 'teams' ? teamsPackage(values) : slackManifest(values);
}

async function teamsPackage(values: ManifestValues): Promise<Buffer> {
  const [template, color, outline, ours] = await Promise.all([
    readFile(inRoot('manifest', 'teams', 'manifest.json'), 'utf8'),
    readFile(inRoot('manifest', 'teams', 'color.png')),
    readFile(inRoot('manifest', 'teams', 'outline.png')),
    readFile(inRoot('package.json'), 'utf8'),
  ]);
  const filled = fill(JSON.parse(template), teamsValues(values, String(JSON.parse(ours).version)));
  const manifest = new TextEncoder().encode(`${JSON.stringify(filled, null, 2)}\n`);
  // One fixed time of day in the zip's own clock: the same values make the same bytes everywhere.
  const mtime = new Date(2026, 0, 1);
  return Buffer.from(zipSync({ 'manifest.json': manifest, 'color.png': color, 'outline.png': outline }, { level: 9, mtime }));
}

function teamsValues({ publicUrl, appId = '', developer = {} }: ManifestValues, version: string): Record<string, string> {
  if (!guid.test(appId)) throw new ConfigError(['MICROSOFT_APP_ID must be the app id of the bot (a GUID)']);
  const address = addressOf(publicUrl);
  const { name = 'Countersign', websiteUrl = address, privacyUrl = websiteUrl, termsOfUseUrl = websiteUrl } = developer;
  return { version, appId, developerName: name, websiteUrl, privacyUrl, termsOfUseUrl, domain: new URL(address).hostname };
}

/** `{name}` in any string of the template becomes the value; JSON is built, not pasted together. */
function fill(template: unknown, values: Record<string, string>): unknown {
  if (typeof template === 'string') return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, values)]));
}

/** What the bot token of the Slack app has to be granted. */
export async function slackScopes(): Promise<string[]> {
  const scopes = parseDocument(await readFile(inRoot('manifest', 'slack.yaml'), 'utf8')).toJS()?.oauth_config?.scopes?.bot;
  if (!Array.isArray(scopes)) throw new Error('manifest/slack.yaml lists no scopes');
  return scopes.map(String);
}

async function slackManifest({ publicUrl, socketMode = false }: ManifestValues): Promise<string> {
  const template = await readFile(inRoot('manifest', 'slack.yaml'), 'utf8');
  if (!socketMode) return template.replaceAll(exampleAddress, addressOf(publicUrl));
  const document = parseDocument(template);
  document.setIn(['settings', 'socket_mode_enabled'], true);
  document.deleteIn(['settings', 'interactivity', 'request_url']);
  document.deleteIn(['settings', 'event_subscriptions', 'request_url']);
  document.deleteIn(['features', 'slash_commands', 0, 'url']);
  return document.toString({ lineWidth: 0 });
}

/** Without a slash at the end. Nothing in it means anything in YAML or JSON, because it went through the URL parser. */
function addressOf(publicUrl: string): string {
  const url = URL.parse(publicUrl);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new ConfigError(['PUBLIC_URL must be the https:// address where the platforms reach the bot']);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
