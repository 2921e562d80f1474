import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../src/action-center/errors.ts';
import { manifestFor } from '../src/manifest.ts';
import { slackManifestProblems, teamsManifestProblems } from './schemas/validate.ts';

const publicUrl = 'https://actions.fabrikam.example';
const appId = '3c1f5e2a-0000-4000-8000-0000000000ab';
const values = { publicUrl, appId };
const root = path.resolve(import.meta.dirname, '..');

/** Width, height, and the alpha of every pixel, of an unfiltered RGBA picture. */
function readPng(bytes: Uint8Array) {
  const file = Buffer.from(bytes);
  expect(file.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  expect(file.subarray(24, 26)).toEqual(Buffer.from([8, 6]));
  const start = file.indexOf('IDAT');
  const pixels = inflateSync(file.subarray(start + 4, start + 4 + file.readUInt32BE(start - 4)));
  const rgba = (x: number, y: number) => [...pixels.subarray(y * (width * 4 + 1) + 1 + x * 4).subarray(0, 4)];
  return { width, height, all: Array.from({ length: width * height }, (_, index) => rgba(index % width, Math.floor(index / width))) };
}

describe('the Teams package', () => {
  const unzipped = async (over: object = {}) => {
    const files = unzipSync(await manifestFor('teams', { ...values, ...over }));
    return { files, manifest: JSON.parse(strFromU8(files['manifest.json'] ?? new Uint8Array())) };
  };

  test('holds the manifest and the two icons it names, at its root', async () => {
    const { files, manifest } = await unzipped();
    expect(Object.keys(files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png']);
    expect(manifest.icons).toEqual({ color: 'color.png', outline: 'outline.png' });
  });

  test('has a manifest that is valid for Microsoft, with nothing left to fill in', async () => {
    const { manifest } = await unzipped();
    expect(teamsManifestProblems(manifest)).toEqual([]);
    expect(JSON.stringify(manifest)).not.toMatch(/\{\w+\}/);
    expect(manifest.version).toBe(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version);
    expect(manifest.id).toBe(appId);
    expect(manifest.validDomains).toEqual(['actions.fabrikam.example']);
  });

  test('offers one bot everywhere, with commands by mention and by slash', async () => {
    const [bot, ...more] = (await unzipped()).manifest.bots;
    expect(more).toEqual([]);
    expect(bot).toMatchObject({ botId: appId, scopes: ['team', 'personal', 'groupChat'], supportsTargetedMessages: true });
    expect(bot.commandLists).toHaveLength(1);
    expect(bot.commandLists[0].triggers).toEqual(['mention', 'slash']);
    expect(bot.commandLists[0].commands.map(({ title }: { title: string }) => title)).toEqual([
      'help',
      'inbox',
      'show',
      'hunt',
      'pending',
      'history',
      'export',
      'undo',
      'bulk',
      'delegate',
      'digest',
    ]);
  });

  test('asks for no messages but its own, and stays out of shared channels', async () => {
    const { manifest } = await unzipped();
    for (const key of ['authorization', 'supportsChannelFeatures', 'supportedChannelTypes', 'webApplicationInfo'])
      expect(manifest).not.toHaveProperty(key);
  });

  test('has icons as Microsoft wants them', async () => {
    const { files } = await unzipped();
    const color = readPng(files['color.png'] ?? new Uint8Array());
    expect([color.width, color.height]).toEqual([192, 192]);
    expect(color.all.every((pixel) => pixel[3] === 255)).toBe(true);
    const outline = readPng(files['outline.png'] ?? new Uint8Array());
    expect([outline.width, outline.height]).toEqual([32, 32]);
    expect(outline.all.every(([r, g, b]) => r === 255 && g === 255 && b === 255)).toBe(true);
    expect(outline.all.some((pixel) => pixel[3] === 0) && outline.all.some((pixel) => pixel[3] === 255)).toBe(true);
  });

  test('names the developer that was handed in', async () => {
    const developer = { name: 'Fabrikam SOC "1"', websiteUrl: 'https://fabrikam.example', privacyUrl: 'https://fabrikam.example/privacy' };
    const { manifest } = await unzipped({ developer });
    expect(teamsManifestProblems(manifest)).toEqual([]);
    expect(manifest.developer).toEqual({ ...developer, termsOfUseUrl: 'https://fabrikam.example' });
  });

  test('is the same bytes for the same values', async () => {
    expect((await manifestFor('teams', values)).equals(await manifestFor('teams', values))).toBe(true);
  });

  test('is refused without a usable app id or address', async () => {
    await expect(manifestFor('teams', { publicUrl })).rejects.toThrow(ConfigError);
    await expect(manifestFor('teams', { publicUrl, appId: 'bot' })).rejects.toThrow('MICROSOFT_APP_ID');
    for (const bad of ['http://a.example', 'a.example', '', 'https://kim:secret@a.example', 'javascript:alert(1)']) {
      await expect(manifestFor('teams', { appId, publicUrl: bad })).rejects.toThrow('PUBLIC_URL');
    }
  });

  test('names fields wrongly only in a way the schema sees', async () => {
    const { manifest } = await unzipped();
    expect(teamsManifestProblems({ ...manifest, id: 'x', slash: true }).length).toBeGreaterThanOrEqual(2);
  });
});

describe('the Slack manifest', () => {
  /** What Slack demands and its schema does not say. */
  function ownProblems(manifest: { settings: { socket_mode_enabled: boolean; interactivity: { request_url?: string } } }): string[] {
    const { socket_mode_enabled: socket, interactivity } = manifest.settings;
    const addresses = JSON.stringify(manifest).match(/"https?:[^"]*"/g) ?? [];
    return [
      ...addresses.filter((address) => !address.startsWith('"https://')).map((address) => `${address} is not https`),
      ...(socket === (interactivity.request_url === undefined) ? [] : ['request_url belongs to HTTP, and only to HTTP']),
    ];
  }

  test('is valid for Slack, with the address filled in and the comments kept', async () => {
    const text = await manifestFor('slack', { publicUrl: `${publicUrl}/` });
    const manifest = parse(text);
    expect(slackManifestProblems(manifest)).toEqual([]);
    expect(ownProblems(manifest)).toEqual([]);
    expect(manifest.settings.interactivity.request_url).toBe(`${publicUrl}/slack/events`);
    expect(manifest.settings.event_subscriptions).toEqual({ request_url: `${publicUrl}/slack/events`, bot_events: ['app_home_opened'] });
    expect(manifest.features.app_home.home_tab_enabled).toBe(true);
    expect(text).not.toContain('contoso');
    expect(text).toContain('# cards, their updates');
  });

  test('keeps the path of an address behind a proxy', async () => {
    const manifest = parse(await manifestFor('slack', { publicUrl: `${publicUrl}/countersign/?a=1#b` }));
    expect(manifest.settings.interactivity.request_url).toBe(`${publicUrl}/countersign/slack/events`);
  });

  test('has one command, answered where the presses are, with its text as it was typed', async () => {
    const { features, oauth_config } = parse(await manifestFor('slack', { publicUrl }));
    expect(features.slash_commands).toMatchObject([{ command: '/actions', url: `${publicUrl}/slack/events`, should_escape: true }]);
    expect(features.slash_commands[0].usage_hint).toMatch(/help \| inbox \| show/);
    expect(oauth_config.scopes.bot).toContain('commands');
  });

  test('has no address in Socket Mode', async () => {
    const text = await manifestFor('slack', { publicUrl: '', socketMode: true });
    const manifest = parse(text);
    expect(slackManifestProblems(manifest)).toEqual([]);
    expect(ownProblems(manifest)).toEqual([]);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    expect(manifest.settings.event_subscriptions).toEqual({ bot_events: ['app_home_opened'] });
    expect(manifest.features.slash_commands).toMatchObject([{ command: '/actions' }]);
    expect(manifest.features.slash_commands[0]).not.toHaveProperty('url');
    expect(text).toContain('# cards, their updates');
  });

  test('is refused without an https address', async () => {
    await expect(manifestFor('slack', { publicUrl: 'http://a.example' })).rejects.toThrow('PUBLIC_URL');
    await expect(manifestFor('slack', { publicUrl: '"\nevil: true' })).rejects.toThrow(ConfigError);
  });
});
