/** Advanced hunting by Graph, for what only hunting data can tell. */
import { type Api, readAnswer } from './api.ts';
import type { Hunt } from './email.ts';
import { HuntingAnswer } from './payloads.ts';

const path = '/v1.0/security/runHuntingQuery';
const permission = 'ThreatHunting.Read.All';
/** Queries take longer than other calls. */
const withinMs = 8000;

export function huntThrough(api: Api): Hunt {
  return async (kql, signal) => {
    const asked = { path, body: { Query: kql }, permission, withinMs };
    const call = { api: 'graph' as const, method: 'POST' as const, urgency: 'poll' as const, quota: 'hunting' as const, ...asked };
    return readAnswer(HuntingAnswer, await api.ask(call, signal)).results;
  };
}
