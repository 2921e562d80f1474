/** Submissions for feature tests: valid as a producer would send them, each with a title of its own. */
let count = 0;

type Body = { id: string; title: string } & Record<string, unknown>;

const base = (extra: Record<string, unknown>): Body => {
  count += 1;
  // None is the beginning of another: a card is found by its title.
  const id = `test-${process.pid}-${String(count).padStart(5, '0')}`;
  return {
    id,
    producer: 'sentinel',
    source: 'automatedDeviceAction',
    severity: 'high',
    title: `Case ${id}`,
    details: 'Trojan:Win32/Wacatac.B!ml found by automated investigation',
    parameters: { simulator: { takesMs: 50 } },
    ...extra,
  };
};

export const device = {
  type: 'device',
  deviceId: '1e5bc9d7e413ddd7902c2932e418702b84d0cc07',
  name: 'wks-0042.contoso.example',
  group: 'Workstations',
};

export const quarantineFile = (extra: Record<string, unknown> = {}): Body =>
  base({
    type: 'stopAndQuarantineFile',
    asset: 'WKS-0042',
    entities: [device, { type: 'file', sha256: '9b74c9897bac770ffc029102a200c5de64a1b2c3d4e5f60718293a4b5c6d7e8f', name: 'invoice.exe' }],
    ...extra,
  });

export const isolateDevice = (extra: Record<string, unknown> = {}): Body =>
  base({ type: 'isolateDevice', asset: 'WKS-0042', entities: [device], ...extra });

export const softDeleteEmail = (extra: Record<string, unknown> = {}): Body =>
  base({
    type: 'softDeleteEmail',
    source: 'automatedEmailAction',
    entities: [{ type: 'email', networkMessageId: '3f1d7c1e-52b0-4a44-9a53-08dd6f0d2f10', recipient: 'kim@contoso.example' }],
    ...extra,
  });

/** Nothing public carries this out: it is decided in Defender. */
export const removeRegistryKey = (extra: Record<string, unknown> = {}): Body =>
  base({ type: 'removeRegistryKey', entities: [device, { type: 'registryKey', key: 'HKEY_LOCAL_MACHINE\\Software\\Run' }], ...extra });
