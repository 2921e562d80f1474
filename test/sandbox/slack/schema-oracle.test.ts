// A second opinion: the JSON Schema of Slack's own @slack/types judges the same payloads as our hand-written rules.
// The types know shapes, not lengths and counts, so they may take what we refuse; they may not refuse what we take.
import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { describe, expect, test } from 'vitest';
import { BROKEN, VALID } from './block-fixtures.ts';

test.todo('see below');
