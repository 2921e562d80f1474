/** Checks data against the schemas of Microsoft and Slack that lie beside this file. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const readJson = (name: string) => JSON.parse(readFileSync(path.join(import.meta.dirname, name), 'utf8'));

/** The schemas name drafts (04, 06) that ajv has no meta schema for at hand; none of their own words are used, so the newer draft reads them alike. */
function compile(name: string): ValidateFunction {
  const { $schema: _, id: __, ...schema } = readJson(name);
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

const problemsOf = (validate: ValidateFunction, data: unknown): string[] =>
  validate(data) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);

const card = compile('adaptive-card-1.5.0.json');
const teamsManifest = compile('teams-manifest-1.30.json');
const slackManifest = compile('slack-manifest-2.0.0.json');

/** The schema does not know `msteams`, which is Teams' own, and lets a card without a version pass. */
export function cardProblems(value: { version: string; msteams?: unknown }): string[] {
  const { msteams: _, ...standard } = value;
  return [
    ...problemsOf(card, standard),
    ...(value.version === '1.5' ? [] : ['version must be 1.5']),
    ...(JSON.stringify(value).includes('${') ? ['an expression of the template is left'] : []),
  ];
}
export const teamsManifestProblems = (value: unknown): string[] => problemsOf(teamsManifest, value);
export const slackManifestProblems = (value: unknown): string[] => problemsOf(slackManifest, value);
export const hostConfig = (theme: 'light' | 'dark'): unknown => readJson(`hostconfig-teams-${theme}.json`);
