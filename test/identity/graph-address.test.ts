import { describe, expect, it } from 'vitest';
import { addressFilter, spelledAddress } from '../../src/identity/graph-address.ts';

describe('an address that a chat platform reports', () => {
  it.each([
    [" Kim.O'Neil@Contoso.Example ", "kim.o'neil@contoso.example"],
    ['kim+soc@mail.contoso.example', 'kim+soc@mail.contoso.example'],
  ])('is spelled one way: %s', (given, spelled) => expect(spelledAddress(given)).toBe(spelled));

  it.each([
    '',
    'kim',
    '@contoso.example',
    'kim@',
    'kim@contoso',
    'kim@@contoso.example',
    'kim @contoso.example',
    "kim@contoso.example' or 1 eq 1",
    'kim@contoso.example)',
    'kim@contoso.example\nx',
    'kím@contoso.example',
    `${'k'.repeat(65)}@contoso.example`,
    `kim@${'a.'.repeat(130)}example`,
  ])('is none when it is not e-mail shaped: %j', (given) => expect(spelledAddress(given)).toBeNull());

  it('cannot leave its quotes', () => {
    expect(addressFilter("o'neil@contoso.example")).toBe(
      "mail eq 'o''neil@contoso.example' or userPrincipalName eq 'o''neil@contoso.example' or proxyAddresses/any(p:p eq 'smtp:o''neil@contoso.example')",
    );
  });
});
