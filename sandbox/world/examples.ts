/** One realistic submission for each action type, as a producer would send it. */
import { deviceExamples } from './device-examples.ts';
import { emailExamples } from './email-examples.ts';
import type { Example, ExampleRow, Group } from './example.ts';
import { identityExamples } from './identity-examples.ts';

function exampleOf(group: Group, { label, decidedInDefender, ...body }: ExampleRow): Example {
  return { type: body.type, label, group, decidedInDefender: decidedInDefender ?? false, body: { ...body, producer: 'demo' } };
}

export const examples: Example[] = [
  ...deviceExamples.map((row) => exampleOf('Device', row)),
  ...emailExamples.map((row) => exampleOf('Email', row)),
  ...identityExamples.map((row) => exampleOf('Identity', row)),
];

/** What is there when the page opens: one a workstation owner may decide, one that needs email authority, one on a server. */
export const openingTypes = ['stopAndQuarantineFile', 'softDeleteEmail', 'isolateDevice'];
