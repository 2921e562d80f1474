import { describe, expect, it } from 'vitest';
import { describeChange } from '../../src/action-center/scope-change.ts';
import { anAction } from '../setup/builders.ts';

const before = anAction();
const changed = (over: Parameters<typeof anAction>[0]) => describeChange(before, anAction(over));
const device = (name: string) => ({ type: 'device' as const, name });

describe('what changed between two revisions', () => {
  it('names the entities that came and went', () => {
    const [first, file] = before.entities;
    if (!first || !file) throw new Error('the builder has two entities');
    expect(changed({ entities: [first, file, device('wks-0043.contoso.example')] })).toContain(
      'entities added: Device wks-0043.contoso.example',
    );
    expect(changed({ entities: [first] })).toContain('entities removed: File invoice.exe');
  });

  it('names at most three, and says how many more there are', () => {
    const entities = [...before.entities, ...['a', 'b', 'c', 'd', 'e'].map(device)];
    expect(changed({ entities })).toContain('entities added: Device a, Device b, Device c and 2 more');
  });

  it('tells the same device in another group as another target', () => {
    const entities = before.entities.map((entity) => (entity.type === 'device' ? { ...entity, group: 'Servers' } : entity));
    expect(changed({ entities })).toMatch(/entities added: Device wks-0042.*entities removed: Device wks-0042/);
  });

  it('names type and parameters, and never what is in them', () => {
    const text = changed({ type: 'isolateDevice', parameters: { comment: 'secret words' } });
    expect(text).toContain('type Stop and quarantine file → Isolate device');
    expect(text).toContain('parameters changed: comment');
    expect(text).not.toContain('secret words');
  });

  it('says when only the description is another', () => {
    expect(changed({ title: 'Other words', severity: 'low' })).toContain('the same scope, described anew (title, severity)');
  });

  it('says always that approvals do not count, and stays short whatever the names are', () => {
    const long = changed({ entities: Array.from({ length: 40 }, (_, index) => device('x'.repeat(200) + index)), type: 'runAntivirusScan' });
    expect(long.length).toBeLessThanOrEqual(280);
    expect(long).toContain('Earlier approvals do not count.');
  });
});
