/** The escaping and every query, read by Microsoft's own Kusto parser against Defender's tables. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ActionType } from '../../src/action-center/action.ts';
import { blastRadiusAsk } from '../../src/action-center/blast-radius.ts';
import { Entity, entityTypes } from '../../src/action-center/entity.ts';
import { fullHunt, huntQuery } from '../../src/action-center/hunt.ts';
import { kqlDatetime, kqlString, kqlStrings } from '../../src/action-center/kql.ts';
import { airQuery } from '../../src/defender/air-query.ts';

type List<T> = { Count: number; getItem(at: number): T };
type Code = { GetDiagnostics(): List<{ Message: string }>; GetLexicalTokens(): unknown };
type Kusto = {
  KustoCode: { Parse(query: string): Code; ParseAndAnalyze(query: string, globals: unknown): Code };
  KustoFacts: { GetStringLiteralValue(literal: string): string };
  GlobalState: { Default: { WithDatabase(database: unknown): unknown } };
  Parsing: { TokenParser: { ScanStringLiteral(text: string, from: number): number } };
  Symbols: {
    TableSymbol: { $ctor7: new (name: string, schema: string, description: null) => unknown };
    DatabaseSymbol: { $ctor1: new (name: string, members: unknown[]) => unknown };
  };
};

/** The package is written for a page's global scope. */
function loadKusto(): Kusto {
  const require = createRequire(import.meta.url);
  for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
    const path = require.resolve(`@kusto/language-service-next/${file}`);
    vm.runInThisContext(readFileSync(path, 'utf8'), { filename: path });
  }
  return (globalThis as unknown as { Kusto: { Language: Kusto } }).Kusto.Language;
}
const kusto = loadKusto();

const initiating =
  'InitiatingProcessSHA1, InitiatingProcessSHA256, InitiatingProcessFileName, InitiatingProcessCommandLine, InitiatingProcessAccountName';
const account = 'AccountUpn, AccountObjectId, AccountName';
const onDevice = `DeviceId, DeviceName, ActionType, ${initiating}`;
const onFile = 'FileName, FolderPath, SHA1, SHA256';
/** The columns of Defender's advanced hunting schema that a query may name; strings unless said otherwise. */
const schema: Record<string, string> = {
  DeviceEvents: `${onDevice}, ${onFile}, ${account}, RemoteUrl, RemoteIP, LocalIP, ProcessId:long, InitiatingProcessId:long, AdditionalFields`,
  DeviceFileEvents: `${onDevice}, ${onFile}, InitiatingProcessId:long`,
  DeviceImageLoadEvents: `${onDevice}, ${onFile}, InitiatingProcessId:long`,
  DeviceLogonEvents: `${onDevice}, AccountName, AccountSid, RemoteIP`,
  DeviceNetworkEvents: `${onDevice}, RemoteUrl, RemoteIP, LocalIP, InitiatingProcessId:long`,
  DeviceProcessEvents: `${onDevice}, ${onFile}, ${account}, ProcessId:long, InitiatingProcessId:long, ProcessCommandLine`,
  DeviceRegistryEvents: `${onDevice}, RegistryKey, RegistryValueName, RegistryValueData, PreviousRegistryKey, PreviousRegistryValueData`,
  EmailEvents:
    'NetworkMessageId, Subject, SenderFromAddress, SenderIPv4, SenderIPv6, RecipientEmailAddress, DeliveryAction, DeliveryLocation, ThreatTypes',
  EmailAttachmentInfo: 'NetworkMessageId, SHA256, FileName, RecipientEmailAddress',
  EmailUrlInfo: 'NetworkMessageId, Url, UrlDomain',
  EmailPostDeliveryEvents: 'NetworkMessageId, RecipientEmailAddress, Action, ActionType, ActionResult, ActionTrigger, DeliveryLocation',
  UrlClickEvents: 'NetworkMessageId, Url, AccountUpn, ActionType, IPAddress',
  EntraIdSignInEvents: 'AccountUpn, AccountObjectId, IPAddress',
  IdentityLogonEvents: `${account}, IPAddress`,
  IdentityDirectoryEvents: `${account}, TargetAccountUpn`,
  CloudAppEvents: 'ActionType, AccountObjectId, IPAddress, RawEventData:dynamic',
};
const tables = Object.entries(schema).map(([name, columns]) => {
  const typed = columns.split(', ').map((column) => (column.includes(':') ? column : `${column}:string`));
  return new kusto.Symbols.TableSymbol.$ctor7(name, `(Timestamp:datetime, ${typed.join(', ')})`, null);
});
const defender = kusto.GlobalState.Default.WithDatabase(new kusto.Symbols.DatabaseSymbol.$ctor1('defender', tables));

function diagnosticsOf(query: string): string[] {
  const found = kusto.KustoCode.ParseAndAnalyze(query, defender).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, at) => found.getItem(at).Message);
}

const readBack = (value: string) => value.replaceAll('\0', '\uFFFD').toWellFormed();
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
/** Text made of what could end a literal, a line or a query, or turn its look around. */
const hostileParts = fc.array(
  fc.constantFrom(
    '"',
    "'",
    '\\',
    '\n',
    '\r',
    '\t',
    '\0',
    '`',
    '```',
    '~~~',
    '//',
    '|',
    ';',
    ')',
    ']',
    '@"',
    'h"',
    '\\"',
    '\u2028',
    '\u202e',
    '\u{e0001}',
  ),
);
const surrogates = fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((unit) => String.fromCharCode(unit)), maxLength: 20 });
const hostile = fc.oneof(
  hostileParts.map((parts) => parts.join('')),
  anyText,
  surrogates,
);

describe('a KQL string', () => {
  test('is exactly one literal that reads back as the value', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const literal = kqlString(value);
        expect(kusto.Parsing.TokenParser.ScanStringLiteral(`${literal} | take 1`, 0)).toBe(literal.length);
        expect(kusto.KustoFacts.GetStringLiteralValue(literal)).toBe(readBack(value));
        expect(kusto.KustoCode.Parse(`print x = ${literal}`).GetDiagnostics().Count).toBe(0);
      }),
      { numRuns: 3000 },
    );
  }, 30_000);

  test('shows no character that hides or turns the text around it', () => {
    const shown = fc.property(hostile, (value) => {
      expect(kqlString(value)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    });
    fc.assert(shown, { numRuns: 1000 });
  });

  test('is cut at 2,000 characters, never through one of them', () => {
    expect(kusto.KustoFacts.GetStringLiteralValue(kqlString('a'.repeat(5000)))).toHaveLength(2000);
    expect(kqlString(`${'a'.repeat(1999)}😀`)).toBe(`"${'a'.repeat(1999)}"`);
  });

  test('keeps the backslashes of a Windows path', () => {
    expect(kqlString('C:\\Users\\kim "x"')).toBe('"C:\\\\Users\\\\kim \\"x\\""');
  });

  test('stands in a list and beside a time', () => {
    expect(kqlStrings(['a', '"'])).toBe('dynamic(["a", "\\""])');
    expect(kqlDatetime(new Date(0))).toBe('datetime(1970-01-01T00:00:00.000Z)');
  });
});

/** Two queries each: 800 in all. `KQL_RUNS=120` makes it 3,000, in half a minute more. */
const runsOfEach = Number(process.env['KQL_RUNS'] ?? 30);
/** Nothing, or nothing without a hash, tells how far these have spread. */
const uncounted: Entity['type'][] = ['registryKey', 'service', 'scheduledTask', 'process', 'driver'];

const now = new Date('2026-11-21T09:00:00Z');
const requestedAt = '2026-11-21T08:00:00.000Z';
const name = (max: number) => hostile.map((value) => value.trim().slice(0, max)).filter((value) => value.length > 0);
const maybe = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(
    value.map((of) => ({ [key]: of })),
    { nil: {} },
  );
const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: length, maxLength: length });
const deviceRef = fc.oneof(
  fc.constant({}),
  hex(40).map((deviceId) => ({ deviceId })),
  name(255).map((deviceName) => ({ deviceName })),
);
const entity = <T extends object>(type: Entity['type'], ...parts: fc.Arbitrary<T | object>[]) =>
  fc.tuple(...parts).map((found) => Object.assign({ type }, ...found) as Entity);
const host = fc.domain();

/** Every entity type with hostile values in every free text. */
const anEntity: Record<Entity['type'], fc.Arbitrary<Entity>> = {
  device: entity(
    'device',
    fc.oneof(
      hex(40).map((deviceId) => ({ deviceId })),
      name(255).map((text) => ({ name: text })),
    ),
  ),
  file: entity(
    'file',
    fc.oneof(
      hex(64).map((sha256) => ({ sha256 })),
      hex(40).map((sha1) => ({ sha1 })),
    ),
  ),
  process: entity('process', fc.record({ processId: fc.nat(), fileName: name(512) }), deviceRef),
  registryKey: entity('registryKey', fc.record({ key: name(1024) }), deviceRef),
  service: entity('service', fc.record({ name: name(256) }), deviceRef),
  driver: entity('driver', fc.record({ name: name(512) }), maybe('sha1', hex(40)), deviceRef),
  scheduledTask: entity('scheduledTask', fc.record({ name: name(512) }), deviceRef),
  user: entity('user', fc.record({ upn: name(320) }), maybe('entraId', fc.uuid())),
  mailbox: entity('mailbox', fc.record({ address: name(320) })),
  email: entity('email', fc.record({ networkMessageId: fc.uuid(), recipient: name(320) })),
  emailCluster: entity(
    'emailCluster',
    fc.record({ name: name(512), networkMessageIds: fc.array(fc.uuid(), { minLength: 1, maxLength: 60 }) }),
  ),
  url: entity(
    'url',
    fc.tuple(host, anyText).map(([domain, path]) => ({ url: `https://${domain}/${encodeURI(path.toWellFormed())}'"\\|` })),
  ),
  ip: entity(
    'ip',
    fc.oneof(fc.ipV4(), fc.ipV6()).map((ip) => ({ ip })),
  ),
};

describe('a hunting query', () => {
  test.each(entityTypes)(
    'for a %s holds no error, whatever the values',
    (type) => {
      fc.assert(
        fc.property(anEntity[type], fc.array(anEntity.device, { maxLength: 3 }), (subject, devices) => {
          fc.pre(Entity.safeParse(subject).success);
          const hunt = huntQuery(
            { type: 'runAntivirusScan', entities: type === 'device' ? [subject, ...devices] : [subject], requestedAt },
            now,
          );
          expect(hunt).not.toBeNull();
          expect(diagnosticsOf(hunt?.query ?? '')).toEqual([]);
          const besideDevices = huntQuery({ type: 'killProcess', entities: [subject, ...devices], requestedAt }, now);
          expect(diagnosticsOf(besideDevices?.query ?? '')).toEqual([]);
        }),
        { numRuns: runsOfEach },
      );
    },
    30_000,
  );

  test.each(ActionType.options)('for %s keeps every value in a let line', (type) => {
    const marker = 'zq7marker';
    const subjects = entityTypes.map((of): unknown => {
      const device = { deviceName: marker };
      const byType: Record<Entity['type'], object> = {
        device: { name: marker },
        file: { sha1: 'a'.repeat(40) },
        process: { processId: 4242, fileName: marker, ...device },
        registryKey: { key: marker, ...device },
        service: { name: marker, ...device },
        driver: { name: marker, ...device },
        scheduledTask: { name: marker, ...device },
        user: { upn: marker },
        mailbox: { address: marker },
        email: { networkMessageId: '73ca4154-58d8-43d0-a890-08dc18c52e6d', recipient: marker },
        emailCluster: { name: marker, networkMessageIds: ['73ca4154-58d8-43d0-a890-08dc18c52e6d'] },
        url: { url: `https://${marker}.example/${marker}` },
        ip: { ip: '192.0.2.77' },
      };
      return { type: of, ...byType[of] };
    }) as Entity[];
    const values = [marker, 'a'.repeat(40), '73ca4154', '192.0.2.77', '4242'];
    const lines = huntQuery({ type, entities: subjects, requestedAt }, now, fullHunt)?.query.split('\n') ?? [];
    expect(lines.some((line) => values.some((value) => line.includes(value)))).toBe(true);
    for (const line of lines) if (values.some((value) => line.includes(value))) expect(line).toMatch(/^let \w+ = .*;$/);
  });

  test.each(entityTypes)(
    'that counts how far a %s has spread holds no error, whatever the values',
    (type) => {
      fc.assert(
        fc.property(anEntity[type], fc.array(anEntity.device, { maxLength: 3 }), (subject, devices) => {
          fc.pre(Entity.safeParse(subject).success);
          // Of every other type nothing says most, so the first entity does.
          const ask = blastRadiusAsk({ type: type === 'device' ? 'isolateDevice' : 'requestSample', entities: [subject, ...devices] });
          if (ask === null) {
            expect(uncounted).toContain(type);
            return;
          }
          expect(diagnosticsOf(ask.query)).toEqual([]);
          for (const line of ask.query.split('\n').filter((one) => !one.startsWith('let '))) expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }),
        { numRuns: 60 },
      );
    },
    30_000,
  );

  test('is really checked: the parser objects to an unknown column and to an open literal', () => {
    expect(diagnosticsOf('DeviceEvents | where NoSuchColumn == 1')).not.toEqual([]);
    expect(diagnosticsOf('DeviceEvents | where FileName == "')).not.toEqual([]);
  });

  test.each([null, now])('for investigations holds no error, until %s', (until) => {
    expect(diagnosticsOf(airQuery({ since: now, until, limit: 500 }))).toEqual([]);
  });
});
